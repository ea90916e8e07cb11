// Where the program of ktest/entry_program.S lies, and the calls it makes: preprocessor only.
#pragma once

#define PROGRAM_CODE 0x10000000
#define PROGRAM_DATA 0x20000000
#define PROGRAM_ROUNDS 0x20000000 /* how often it came round */
#define PROGRAM_PID 0x20000004
#define PROGRAM_STACK 0x20001000 /* its top */
#define PROGRAM_FRESH 0x20001000 /* a page that is given back each round */
#define PROGRAM_DATA_SIZE 0x2000

#define SYS_GETPID 20
#define SYS_SCHED_YIELD 158
#define SYS_MADVISE 219
#define MADV_DONTNEED 4
