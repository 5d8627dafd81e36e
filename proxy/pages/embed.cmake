# Turns HTML pages into pages.c (see serve/http/pages.h), with nothing but cmake:
#
#   cmake -DOUTPUT=pages.c -DPAGES=NAME=FILE,NAME=FILE -P embed.cmake
#
# A page has at most one <style> and one <script>, both inline. Indentation and lines that are only a
# comment (//) are left out. The policy allows style and script by the hash of what remains. A page with a form
# that posts may post to its own origin, and be shown in a frame of its own origin; it opens no connection by script.
cmake_minimum_required(VERSION 3.18)

set(digits "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

# The 32 bytes of a SHA-256 in base64, which cmake does not provide.
function(sha256_base64 result text)
    string(SHA256 hex "${text}")
    set(encoded "")
    string(APPEND hex "00")
    foreach(at RANGE 0 60 6)
        string(SUBSTRING "${hex}" ${at} 6 group)
        math(EXPR bits "0x${group}")
        foreach(shift 18 12 6 0)
            math(EXPR index "(${bits} >> ${shift}) & 63")
            string(SUBSTRING "${digits}" ${index} 1 digit)
            string(APPEND encoded "${digit}")
        endforeach()
    endforeach()
    string(SUBSTRING "${encoded}" 0 43 encoded)
    set(${result} "${encoded}=" PARENT_SCOPE)
endfunction()

# 'sha256-...' of the content of the page's only <tag>, or 'none'.
function(source_of result page tag)
    string(FIND "${page}" "<${tag}>" begin)
    string(FIND "${page}" "</${tag}>" end)
    string(FIND "${page}" "<${tag}" first)
    string(FIND "${page}" "<${tag}" last REVERSE)
    if(NOT first EQUAL last OR NOT first EQUAL begin OR end LESS begin)
        message(FATAL_ERROR "a page has one <${tag}> without attributes, or none")
    endif()
    if(begin EQUAL -1)
        set(${result} "'none'" PARENT_SCOPE)
        return()
    endif()
    string(LENGTH "<${tag}>" length)
    math(EXPR begin "${begin} + ${length}")
    math(EXPR length "${end} - ${begin}")
    string(SUBSTRING "${page}" ${begin} ${length} text)
    sha256_base64(hash "${text}")
    set(${result} "'sha256-${hash}'" PARENT_SCOPE)
endfunction()

set(code "/* Made by proxy/pages/embed.cmake. */\n#include \"serve/http/pages.h\"\n")
string(REPLACE "," ";" PAGES "${PAGES}")
foreach(entry ${PAGES})
    string(REGEX MATCH "^([a-z]+)=(.+)$" entry "${entry}")
    set(name "${CMAKE_MATCH_1}")
    file(READ "${CMAKE_MATCH_2}" page)
    string(REGEX REPLACE "\n[ ]+" "\n" page "${page}")
    string(REGEX REPLACE "\n//[^\n]*" "" page "${page}")
    string(REGEX REPLACE "\n\n+" "\n" page "${page}")

    source_of(style "${page}" style)
    source_of(script "${page}" script)
    set(connects 'self')
    set(posts 'none')
    string(FIND "${page}" " method=\"post\"" form)
    if(NOT form EQUAL -1)
        set(connects 'none')
        set(posts 'self')
    endif()
    string(CONCAT csp "default-src 'none'; style-src ${style}; script-src ${script}; connect-src ${connects}; "
        "img-src data:; base-uri 'none'; form-action ${posts}; frame-ancestors ${posts}")
    string(SHA256 etag "${page}")
    string(SUBSTRING "${etag}" 0 16 etag)

    file(WRITE "${OUTPUT}.page" "${page}")
    file(READ "${OUTPUT}.page" bytes HEX)
    file(REMOVE "${OUTPUT}.page")
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    # Eight to a line.
    string(REGEX REPLACE "([^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,)" "\\1\n" bytes "${bytes}")
    string(APPEND code
        "\nstatic const unsigned char ${name}_bytes[] = {\n${bytes}};\n"
        "\nconst struct page *pages_${name}(void)\n{\n"
        "    static const struct page page = {${name}_bytes, sizeof(${name}_bytes), \"\\\"${etag}\\\"\",\n"
        "        \"${csp}\"};\n"
        "    return &page;\n}\n")
endforeach()
file(WRITE "${OUTPUT}" "${code}")
