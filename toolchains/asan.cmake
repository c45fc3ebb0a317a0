# AddressSanitizer, with its leak checker, and UndefinedBehaviorSanitizer for everything that is compiled here.
# -O1: the tests then take a third of the time, and stacks stay readable.
set(flags "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1")
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT "${flags}")
