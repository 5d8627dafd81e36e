# Run by CPack on the files of each package: Debian's names of licence and changelog, compressed pages, modes that do not
# depend on the umask.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)

function(compress file target)
    execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${target} COMMAND_ERROR_IS_FATAL ANY)
    file(REMOVE ${file})
endfunction()

function(document package doc)
    file(COPY_FILE ${CPACK_RESOURCE_FILE_LICENSE} ${doc}/copyright)
    file(WRITE ${doc}/changelog "${package} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * The changes are listed in /usr/share/doc/wsluice/CHANGELOG.md.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
    compress(${doc}/changelog ${doc}/changelog.gz)
endfunction()

file(GLOB roots ${CPACK_TEMPORARY_DIRECTORY}/*)
foreach(root ${roots})
    set(share ${root}/usr/share)
    if(EXISTS ${share}/doc/wsluice)
        file(REMOVE ${share}/doc/wsluice/LICENSE)
        file(MAKE_DIRECTORY ${share}/lintian/overrides)
        document(wsluice ${share}/doc/wsluice)
        compress(${share}/doc/wsluice/CHANGELOG.md ${share}/doc/wsluice/CHANGELOG.md.gz)
        compress(${share}/man/man1/wsluice.1 ${share}/man/man1/wsluice.1.gz)
        file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/wsluice/lintian-overrides ${share}/lintian/overrides/wsluice)
    else()
        file(MAKE_DIRECTORY ${share}/doc/wsluice-websockify ${share}/man/man1)
        document(wsluice-websockify ${share}/doc/wsluice-websockify)
        file(CREATE_LINK wsluice.1.gz ${share}/man/man1/websockify.1.gz SYMBOLIC)
    endif()
    execute_process(COMMAND chmod -R u=rwX,go=rX ${root} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
