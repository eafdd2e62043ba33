/* SPDX-License-Identifier: BSD-3-Clause */
#include "target/elf.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OWN_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OWN_MACHINE EM_S390
#else
#define OWN_MACHINE EM_NONE /* unknown: not compared */
#endif

static uint64_t size_of(FILE *file)
{
    const long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    return size < 0 ? 0 : (uint64_t)size;
}

static bool read_at(FILE *file, uint64_t offset, void *to, size_t size)
{
    return offset < INT64_MAX && fseek(file, (long)offset, SEEK_SET) == 0 && fread(to, size, 1, file) == 1;
}

/* Whether all that the program headers ask to be mapped is in the file. */
static bool is_whole(FILE *file, const Elf64_Ehdr *header)
{
    const uint64_t size = size_of(file);
    for (uint64_t i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        if (!read_at(file, header->e_phoff + i * sizeof segment, &segment, sizeof segment)) {
            return false;
        }
        if (segment.p_type == PT_LOAD && (segment.p_filesz > size || segment.p_offset > size - segment.p_filesz)) {
            return false;
        }
    }
    return true;
}

static rovi_status refuse(const char *path, const char *reason, rovi_error *error)
{
    return error_set(error, ROVI_BAD_INPUT, "%.200s: cannot be loaded as a shared library: %s", path, reason);
}

static rovi_status check_kind(const char *path, const Elf64_Ehdr *header, rovi_error *error)
{
    const int bits = header->e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32, own_bits = (int)sizeof(void *) * 8;
    char reason[160];
    if (bits != own_bits || (OWN_MACHINE != EM_NONE && header->e_machine != OWN_MACHINE)) {
        snprintf(reason, sizeof reason,
                 "it is built for another architecture (ELF machine %d of %d bits, allowed: %d of %d)",
                 header->e_machine, bits, OWN_MACHINE, own_bits);
        return refuse(path, reason, error);
    }
    if (header->e_type == ET_REL) {
        return refuse(path, "it is an object file, which has not been linked (cc -shared)", error);
    }
    return ROVI_OK;
}

static rovi_status check(const char *path, FILE *file, rovi_error *error)
{
    Elf64_Ehdr header = {0};
    const bool read = read_at(file, 0, &header, sizeof header);
    if (read && memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return refuse(path, "it is another kind of file (it does not begin as an ELF file does)", error);
    }
    const rovi_status status = read ? check_kind(path, &header, error) : ROVI_OK;
    if (status == ROVI_OK && read && header.e_ident[EI_CLASS] == ELFCLASS64 && !is_whole(file, &header)) {
        return refuse(path, "it is cut short", error);
    }
    return status;
}

rovi_status elf_check(const char *path, rovi_error *error)
{
    FILE *file = fopen(path, "rb");
    const rovi_status status = file == NULL ? ROVI_OK : check(path, file, error);
    if (file != NULL) {
        fclose(file);
    }
    return status;
}
