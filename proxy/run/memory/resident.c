#include "run/memory/resident.h"

#include <link.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"

/* Code that the loader has changed: it would come back without the change. */
static bool is_changed(const struct dl_phdr_info *object)
{
    for (int i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        ElfW(Addr) at = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
        const ElfW(Dyn) *entry = (const ElfW(Dyn) *)at; /* NOLINT: an address from the loader */
        for (; entry->d_tag != DT_NULL; entry++)
            if (entry->d_tag == DT_TEXTREL ||
                (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)))
                return true;
    }
    return false;
}

static int release_cb(struct dl_phdr_info *object, size_t size, void *data)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    (void)data;
    if (is_changed(object))
        return 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W) || part->p_filesz == 0)
            continue;
        uintptr_t from = object->dlpi_addr + part->p_vaddr, to = from + part->p_filesz;
        from &= ~(page - 1);
        (void)!madvise((void *)from, to - from, /* NOLINT: an address from the loader */
                       MADV_DONTNEED);
    }
    return 0;
}

void resident_release_code(void)
{
    (void)dl_iterate_phdr(release_cb, NULL);
}
