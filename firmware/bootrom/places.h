/* Where the boot ROM and its loader are below 640 KiB; for C++ and the assembler. POST's own places of the same kinds are
   in bios/layout.hpp. */
#define STACK_TOP 0x7000
#define E820_COUNT 0x7000
#define E820_ENTRIES 0x7008
#define E820_END 0x8000
#define LOADER 0x10000
#define LOADER_GDT_REGISTER 8 /* from LOADER */
