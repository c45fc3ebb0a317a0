# ThreadSanitizer for everything that is compiled here.
# g++ warns of fences, which its ThreadSanitizer does not model; Asio has one that no data hangs on.
set(flags "-fsanitize=thread -fno-omit-frame-pointer -O1 -Wno-tsan")
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT "${flags}")
