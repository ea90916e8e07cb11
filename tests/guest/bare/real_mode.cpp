// Real mode: limits that protected mode left behind, faults through the vector table, what they push (SDM 3A, 20.1).
//
// A 16-bit program runs at 8000h in real mode and leaves one byte for each of its cases: 0, or the vector that came.
#include "frame.hpp"

using namespace bare;

namespace {

constexpr u32 kProgram = 0x8000, kResults = 0x9000, kCount = 0x90fe;

extern "C" {
extern const u8 real_begin[], real_end[];
extern u32 real_esp;
void enter_real_mode();
u32 real_esp;
}

// BX: where a fault goes on. The vector table at 0 leads vectors 12 and 13 to `fault12` and `fault13`.
asm(R"asm(
        .text
        .globl  enter_real_mode
enter_real_mode:
        pushal
        movl    %esp, real_esp
        movw    $0x10, %ax              # FS keeps 4 GiB
        movw    %ax, %fs
        movw    $0x58, %ax              # the others end at 64 KiB
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %gs
        movw    %ax, %ss
        ljmp    $0x50, $0x8000
back_to_flat:
        movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    real_esp, %esp
        popal
        ret

        .macro  try code
        movw    $0x8000 + 771f - real_begin, %bx
        movb    $0, (vector)
        \code
771:    movb    (vector), %al
        movb    %al, (%di)
        incw    %di
        .endm
        .set    vector, 0x90f0
        .set    frame, 0x90f2

        .code16
        .globl  real_begin, real_end
real_begin:
        movl    %cr0, %eax
        andb    $0xfe, %al
        movl    %eax, %cr0
        ljmp    $0, $0x8000 + in_real_mode - real_begin
in_real_mode:
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7000, %sp
        movw    $0x9000, %di
        movl    $0x200000, %esi
        try     "movb %fs:(%esi), %al"          # the limit of 4 GiB stays
        movw    %ax, %fs
        movw    $0x1000, %ax
        movw    %ax, %fs
        try     "movb %fs:(%esi), %al"          # also when a selector is loaded
        try     "movb %gs:(%esi), %al"          # 64 KiB: #GP
        movl    $0xffff, %esi
        try     "movb %gs:(%esi), %al"
        try     "movw %gs:(%esi), %ax"          # its second byte is beyond: #GP
        try     "movw %ss:(%esi), %ax"          # of SS: #SS
        try     "movw %ax, %gs:(%esi)"
        try     "lock; nop"                     # #UD
        try     "int $0x21"                     # a vector of its own
        try     "movw %cs:(0x8000), %ax"
        try     "movw %ax, %cs:(0x90fc)"        # code may be written
        # What INT pushes: IP, CS, FLAGS.
        movw    $0x6000, %sp
        int     $0x22
after_int:
        movw    $0x7000, %sp
        movw    %di, (0x90fe)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $0x08, $back_to_flat
        .macro  handler name number
\name:  addw    $2, %sp
        movb    $\number, %cs:(vector)
        pushw   %bx
        iretw
        .endm
        handler fault6 6
        handler fault12 12
        handler fault13 13
        handler int21 0x21
int22:  popw    %cs:(frame)
        popw    %cs:(frame + 2)
        popw    %cs:(frame + 4)
        movw    %sp, %cs:(frame + 6)
        ljmp    $0, $0x8000 + after_int - real_begin
        .globl  entry6, entry12, entry13, entry21, entry22, after22
        .set    entry6, 0x8000 + fault6 - real_begin
        .set    entry12, 0x8000 + fault12 - real_begin
        .set    entry13, 0x8000 + fault13 - real_begin
        .set    entry21, 0x8000 + int21 - real_begin
        .set    entry22, 0x8000 + int22 - real_begin
        .set    after22, 0x8000 + after_int - real_begin
real_end:
        .code32
)asm");

extern "C" const u8 entry6, entry12, entry13, entry21, entry22, after22;
u32 value_of(const u8& symbol) { return reinterpret_cast<u32>(&symbol); }

struct [[gnu::packed]] TableRegister {
  u16 limit;
  u32 base;
};

}  // namespace

void guest_main() {
  for (u32 i = 0; real_begin + i != real_end; ++i) at<u8>(kProgram + i) = real_begin[i];
  const struct {
    u32 vector;
    const u8& entry;
  } entries[] = {{6, entry6}, {12, entry12}, {13, entry13}, {0x21, entry21}, {0x22, entry22}};
  for (const auto& e : entries) at<u32>(e.vector * 4) = value_of(e.entry);
  for (u32 i = 0; i < 0x100; ++i) at<u8>(kResults + i) = 0xee;

  TableRegister idtr;
  asm volatile("sidt %0" : "=m"(idtr));
  const TableRegister vectors{0x3ff, 0};
  asm volatile("lidt %0" : : "m"(vectors));
  enter_real_mode();
  asm volatile("lidt %0" : : "m"(idtr));

  const struct {
    const char* name;
    u8 vector;
  } cases[] = {{"fs keeps its limit of 4 GiB", 0},
               {"fs keeps it when a selector is loaded", 0},
               {"gs ends at 64 KiB", 13},
               {"byte at gs:ffff", 0},
               {"word at gs:ffff", 13},
               {"word at ss:ffff", 12},
               {"write of a word at gs:ffff", 13},
               {"lock nop", 6},
               {"int 21h", 0x21},
               {"read by cs", 0},
               {"write by cs", 0}};
  u32 i = 0;
  for (const auto& c : cases)
    expect(c.name, Text("vector ") << u32{at<u8>(kResults + i++)}, Text("vector ") << u32{c.vector});
  expect("cases run", Text() << u32{at<u16>(kCount)} - kResults, Text() << i);
  const auto word = [](u32 n) { return at<u16>(0x90f2 + 2 * n); };
  expect("pushed ip and cs", (Text().hex(word(0), 4) << ' ').hex(word(1), 4),
         Text().hex(value_of(after22), 4) << " 0000");
  expect("sp after it", Text().hex(word(3), 4), "6000");
}
