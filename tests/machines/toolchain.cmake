# Builds for another machine with what tests/machines/sysroot.sh has made. The programs find their loader and their
# libraries there, so they run without qemu's -L, which would show them the sysroot's files in place of the host's.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES
    WSLUICE_TRIPLET WSLUICE_COMPILER WSLUICE_PROCESSOR WSLUICE_LOADER WSLUICE_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${WSLUICE_PROCESSOR})
set(CMAKE_C_COMPILER ${WSLUICE_COMPILER})
set(CMAKE_SYSROOT ${WSLUICE_SYSROOT})
set(CMAKE_LIBRARY_ARCHITECTURE ${WSLUICE_TRIPLET})
set(folders ${WSLUICE_SYSROOT}/lib/${WSLUICE_TRIPLET}:${WSLUICE_SYSROOT}/usr/lib/${WSLUICE_TRIPLET})
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-Wl,--dynamic-linker=${WSLUICE_SYSROOT}/lib/${WSLUICE_LOADER},--disable-new-dtags,-rpath,${folders}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_DIR} "")
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${WSLUICE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${WSLUICE_SYSROOT}/usr/lib/${WSLUICE_TRIPLET}/pkgconfig:${WSLUICE_SYSROOT}/usr/share/pkgconfig)
