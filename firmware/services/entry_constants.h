/* Numbers that entry.S shares with C++, which asserts them in entry.hpp. */
#define SEGMENT 0xec00
#define STACKS 4
#define STACK_SIZE 2048
#define STACKS_TOP 0x4000
#define FRAME_SIZE 50
#define FRAME_HANDLER 40

/* CallRegisters of entry.hpp. */
#define CALL_AX 0
#define CALL_BX 4
#define CALL_CX 8
#define CALL_DX 12
#define CALL_SI 16
#define CALL_DI 20
#define CALL_ES 24
#define CALL_FLAGS 26
