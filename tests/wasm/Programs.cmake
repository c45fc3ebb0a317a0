# Catch2 programs as WebAssembly, each a ctest test on every target: FOLDER_node, FOLDER_chromium, FOLDER_firefox.
# Another target that some have is newest-node, a Node that is not this machine's.
include_guard(GLOBAL)

set(REQIVO_WASM_TEST_TARGETS node chromium firefox CACHE STRING "Where the wasm test programs run")
mark_as_advanced(REQIVO_WASM_TEST_TARGETS)

# Lets a program wait inside a TEST_CASE (Asyncify), and be started by tests/wasm/run.mjs.
function(reqivo_wasm_program program)
  set_target_properties(${program} PROPERTIES SUFFIX .mjs)
  target_sources(${program} PRIVATE "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/main.cpp")
  target_link_options(
    ${program} PRIVATE
    -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker,node -sEXIT_RUNTIME
    -sEXPORTED_RUNTIME_METHODS=ENV,FS -sALLOW_MEMORY_GROWTH -sSTACK_SIZE=1MB
    -sASYNCIFY -sASYNCIFY_STACK_SIZE=65536)
endfunction()

# Has Closure Compiler rename and shorten the program's JavaScript.
function(reqivo_wasm_closure program)
  set_property(
    TARGET ${program}
    PROPERTY RULE_LAUNCH_LINK "\"${REQIVO_NODE}\" \"${CMAKE_CURRENT_FUNCTION_LIST_DIR}/with_closure.mjs\"")
  target_link_options(${program} PRIVATE "SHELL:--closure 1")
endfunction()

# reqivo_wasm_tests(FOLDER PROGRAM argument...): the arguments of reqivo_test_program.
function(reqivo_wasm_tests folder program)
  cmake_parse_arguments(PARSE_ARGV 2 arg "SERVER" "" "TARGETS;LABELS;ARGUMENTS;SOURCES")
  reqivo_wasm_program(${program})
  foreach(target IN LISTS REQIVO_WASM_TEST_TARGETS arg_TARGETS)
    set(node "${REQIVO_NODE}")
    set(host ${target})
    if(target STREQUAL "newest-node")
      list(APPEND node "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/newest_node.mjs")
      set(host node)
    endif()
    set(command ${node} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/run.mjs"
      --target ${host} --program $<TARGET_FILE:${program}>
      --skips "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/skips.json"
      -- --order decl --durations no ${arg_ARGUMENTS})
    if(arg_SERVER)
      list(PREPEND command "${REQIVO_NODE}" "${test_server}" --run)
    endif()
    add_test(NAME ${folder}_${target} COMMAND ${command})
    set_tests_properties(${folder}_${target} PROPERTIES
      LABELS "program;${target};${arg_LABELS}"
      TIMEOUT 300
      ENVIRONMENT_MODIFICATION "${without_proxies}")
  endforeach()
endfunction()
