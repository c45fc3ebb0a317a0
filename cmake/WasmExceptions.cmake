# Stops where a program is compiled for another model of exceptions than Reqivo works with. Part of the installed
# package too: a user's program must not mix them either.
include_guard(GLOBAL)

function(reqivo_check_wasm_exceptions)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  set(flags "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}} ${CMAKE_EXE_LINKER_FLAGS}")
  get_directory_property(options COMPILE_OPTIONS)
  string(APPEND flags " ${options}")
  foreach(wrong IN ITEMS -fwasm-exceptions -fno-exceptions -sDISABLE_EXCEPTION_CATCHING=1 "-sWASM_EXCEPTIONS")
    if(" ${flags} " MATCHES "[ ;]${wrong}")
      message(FATAL_ERROR
        "Reqivo works with JavaScript-based exceptions (-fexceptions), and this build asks for ${wrong}. "
        "With WebAssembly's own exceptions today's compilers skip a catch around a co_await that throws, or hang; "
        "without exceptions Reqivo cannot report an error. Remove ${wrong} from the flags.")
    endif()
  endforeach()
endfunction()
