# Flags and the two rules of the house: one static library a folder, one program a main file.

add_library(anchor_flags INTERFACE)
target_compile_options(anchor_flags INTERFACE
    -Wall -Wextra -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes
    -Wconversion -Wno-sign-conversion -Wwrite-strings -Wformat=2 -Wundef
    -fno-common -fstack-protector-strong)
target_compile_definitions(anchor_flags INTERFACE _GNU_SOURCE ANCHOR_VERSION="${PROJECT_VERSION}")
target_include_directories(anchor_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_link_options(anchor_flags INTERFACE -Wl,-z,relro,-z,now)

if(ANCHOR_WERROR)
    target_compile_options(anchor_flags INTERFACE -Werror)
endif()
if(ANCHOR_FAULTS)
    target_compile_definitions(anchor_flags INTERFACE ANCHOR_FAULTS)
endif()
if(ANCHOR_SANITIZE)
    target_compile_options(anchor_flags INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(anchor_flags INTERFACE -fsanitize=address,undefined)
endif()

# anchor_package(JANSSON jansson>=2.14 libjansson.a): a library to link with, ${JANSSON}; a program
# with the property OWN_COPIES takes it from the archive.
macro(anchor_package name module archive)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
    find_library(${name}_ARCHIVE ${archive} REQUIRED)
    set(${name} "$<IF:$<BOOL:$<TARGET_PROPERTY:OWN_COPIES>>,${${name}_ARCHIVE},PkgConfig::${name}>")
endmacro()

# anchor_library(vfs SOURCES a.c b.c LINK base PkgConfig::X): the static library of a folder.
function(anchor_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC anchor_flags ${arg_LINK})
endfunction()

# anchor_unsanitized(a.c ...): sources whose code runs between clone3() and execve().
function(anchor_unsanitized)
    if(ANCHOR_SANITIZE)
        set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "-fno-sanitize=all")
    endif()
endfunction()
