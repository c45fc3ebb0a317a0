# What only people who work on Reqivo need. Off unless a preset asks for it, so that no user's build gets our
# warnings or our compiler cache.
include_guard(DIRECTORY)

if(REQIVO_DEVELOPER)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(REQIVO_CCACHE ccache)
  mark_as_advanced(REQIVO_CCACHE)
  if(REQIVO_CCACHE)
    foreach(language IN ITEMS C CXX)
      if(NOT CMAKE_${language}_COMPILER_LAUNCHER)
        set(CMAKE_${language}_COMPILER_LAUNCHER "${REQIVO_CCACHE}")
      endif()
    endforeach()
  endif()
endif()

# Gives a target of our own (never a third party's) the developer warnings.
function(reqivo_developer_target target)
  if(NOT REQIVO_DEVELOPER)
    return()
  endif()
  target_compile_options(
    ${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wsign-conversion>
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${REQIVO_WARNINGS_AS_ERRORS}>>:-Werror>)
endfunction()
