/*
 * A program that makes one memory error, on the library's memory, and says 0 if nothing saw it:
 * `memory_fault NAME`, where NAME is one of the table below.
 */
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static volatile char seen; /* so that no compiler leaves out a read */

static void none(char *block)
{
    memset(block, 1, 100);
    block = mem_resize(block, 5000);
    if (block[99] == 1)
        mem_free(block);
}

static void read_over(char *block)
{
    seen = block[112]; /* 16 bytes are the alignment */
    mem_free(block);
}

static void write_over(char *block)
{
    ((volatile char *)block)[100] = 1;
    mem_free(block);
}

static void write_before(char *block)
{
    ((volatile char *)block)[-1] = 1;
    mem_free(block);
}

static void use_after_free(char *block)
{
    mem_free(block);
    ++*(volatile char *)block;
}

static void use_after_resize(char *block)
{
    char *moved = mem_resize(block, 50);

    ++*(volatile char *)block;
    mem_free(moved);
}

static void use_much_later(char *block)
{
    mem_free(block);
    for (int i = 0; i < 10000; i++)
        mem_free(mem_alloc(100));
    ++*(volatile char *)block;
}

static void free_twice(char *block)
{
    mem_free(block);
    mem_free(block);
}

/* Ends the program by what it has done: no debugger starts, which would hold its output open, and
 * nobody is asked. */
static LONG WINAPI end_at_once(EXCEPTION_POINTERS *fault)
{
    TerminateProcess(GetCurrentProcess(), fault->ExceptionRecord->ExceptionCode);
    return EXCEPTION_EXECUTE_HANDLER;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(char *block);
    } faults[] = {
        {"none", none},
        {"read_over", read_over},
        {"write_over", write_over},
        {"write_before", write_before},
        {"use_after_free", use_after_free},
        {"use_after_resize", use_after_resize},
        {"use_much_later", use_much_later},
        {"free_twice", free_twice},
    };

    SetUnhandledExceptionFilter(end_at_once);
    for (size_t i = 0; argc == 2 && i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(argv[1], faults[i].name) == 0) {
            faults[i].make(mem_alloc(100));
            return 0;
        }
    }
    return 2;
}
