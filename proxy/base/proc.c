#include "base/proc.h"

#include <unistd.h>

const char *proc_fd(char name[static PROC_NAME], int fd)
{
    snprintf(name, PROC_NAME, "/proc/self/fd/%d", fd);
    return name;
}

const char *proc_entry(char name[static PROC_NAME], int fd, const char *entry)
{
    snprintf(name, PROC_NAME, "/proc/self/fd/%d/%s", fd, entry);
    return name;
}

const char *proc_process(char name[static PROC_NAME], unsigned long pid, const char *file)
{
    snprintf(name, PROC_NAME, "/proc/%lu/%s", pid, file);
    return name;
}

const char *proc_thread(char name[static PROC_NAME], unsigned long pid, const char *thread,
                        const char *file)
{
    snprintf(name, PROC_NAME, "/proc/%lu/task/%s/%s", pid, thread, file);
    return name;
}

bool proc_program(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size);
    if (length <= 0 || (size_t)length >= size)
        return false;
    path[length] = '\0';
    return true;
}
