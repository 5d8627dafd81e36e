# The Debian packages: wsluice, and with WSLUICE_WEBSOCKIFY_NAME the name alone as wsluice-websockify. The second takes
# /usr/bin/websockify by a diversion, so that Debian's websockify can be installed beside it.
set(WSLUICE_PACKAGE_VERSION ${PROJECT_VERSION} CACHE STRING "Version of the packages")
mark_as_advanced(WSLUICE_PACKAGE_VERSION)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VERSION ${WSLUICE_PACKAGE_VERSION})
set(CPACK_PACKAGE_CONTACT "The wsluice authors <wsluice@localhost>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/arrange.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL Unspecified)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_NAME wsluice)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_UNSPECIFIED_DESCRIPTION "wsluice accepts WebSocket connections and forwards their bytes to a TCP port or
a Unix socket: VNC for noVNC, SSH, a database, a message broker. It takes
websockify's command line, or a configuration file with many listeners and
routes.")
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/wsluice/postinst
    ${CMAKE_CURRENT_LIST_DIR}/wsluice/prerm
    ${CMAKE_CURRENT_LIST_DIR}/wsluice/postrm)

if(WSLUICE_WEBSOCKIFY_NAME)
    file(CREATE_LINK wsluice ${CMAKE_BINARY_DIR}/websockify SYMBOLIC)
    install(FILES ${CMAKE_BINARY_DIR}/websockify DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT websockify)
    list(APPEND CPACK_COMPONENTS_ALL websockify)
    set(CPACK_DEBIAN_WEBSOCKIFY_PACKAGE_NAME wsluice-websockify)
    set(CPACK_DEBIAN_WEBSOCKIFY_PACKAGE_ARCHITECTURE all)
    set(CPACK_DEBIAN_WEBSOCKIFY_PACKAGE_DEPENDS "wsluice (>= ${WSLUICE_PACKAGE_VERSION})")
    set(CPACK_DEBIAN_WEBSOCKIFY_PACKAGE_PROVIDES websockify)
    set(CPACK_DEBIAN_WEBSOCKIFY_DESCRIPTION "This package makes /usr/bin/websockify start wsluice, and satisfies packages
that depend on websockify, such as novnc. The websockify of Debian can stay
installed: it is /usr/bin/websockify.distrib until this package is removed.")
    set(CPACK_DEBIAN_WEBSOCKIFY_PACKAGE_CONTROL_EXTRA
        ${CMAKE_CURRENT_LIST_DIR}/wsluice-websockify/preinst
        ${CMAKE_CURRENT_LIST_DIR}/wsluice-websockify/postrm)
endif()
include(CPack)
