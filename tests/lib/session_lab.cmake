# In a program that includes lib/session_lab.h, our own code calls fakes instead of these functions; libuv, OpenSSL and
# libc call the real ones.
set(session_lab_wraps malloc calloc realloc strdup free
    uv_now uv_hrtime uv_timer_init uv_timer_start uv_timer_stop uv_is_active uv_poll_init uv_poll_start
    uv_async_init uv_async_send uv_close
    uv_queue_work uv_getaddrinfo uv_freeaddrinfo uv_cancel
    time clock_gettime getrandom
    recv send sendfile shutdown close safe_path_make write socket connect getsockopt setsockopt getsockname ioctl poll
    epoll_create1 epoll_ctl epoll_wait
    log_begin log_text log_number log_end log_message)
function(session_lab_link program)
    list(TRANSFORM session_lab_wraps PREPEND "-Wl,--wrap=" OUTPUT_VARIABLE options)
    target_link_options(${program} PRIVATE ${options})
    target_compile_definitions(${program} PRIVATE WSLUICE_SOURCE="${CMAKE_SOURCE_DIR}")
endfunction()
