// What a guest prints, and how it ends.
#include "frame.hpp"

namespace bare {

namespace {

u32 cases = 0, wrong = 0;

void put(char c) {
  constexpr u16 kCom1 = 0x3f8, kLineStatus = kCom1 + 5;
  while (!(in8(kLineStatus) & 0x20)) {  // transmitter holding register empty
  }
  out8(kCom1, static_cast<u8>(c));
}

void put(const char* s) {
  while (*s != 0) put(*s++);
}

// SDM 3A, table 6-1.
constexpr const char* kMnemonics[] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR",   "#UD", "#NM", "#DF", nullptr,
                                      "#TS", "#NP", "#SS", "#GP", "#PF", nullptr, "#MF", "#AC", "#MC", "#XM"};

}  // namespace

Text& Text::operator<<(char c) {
  if (size_ + 1 < kRoom) text_[size_++] = c;
  return *this;
}

Text& Text::operator<<(const char* s) {
  while (*s != 0) *this << *s++;
  return *this;
}

Text& Text::operator<<(u32 v) {
  char digits[10];
  u32 n = 0;
  do digits[n++] = static_cast<char>('0' + v % 10);
  while ((v /= 10) != 0);
  while (n > 0) *this << digits[--n];
  return *this;
}

Text& Text::hex(u64 v, u32 digits) {
  while (digits-- > 0) *this << "0123456789abcdef"[(v >> (4 * digits)) & 15];
  return *this;
}

bool Text::operator==(const Text& other) const {
  for (u32 i = 0;; ++i) {
    if (text_[i] != other.text_[i]) return false;
    if (text_[i] == 0) return true;
  }
}

Text fault(const char* mnemonic) { return mnemonic; }
Text fault(const char* mnemonic, u32 error) { return (Text(mnemonic) << '(').hex(error, 4) << ')'; }
Text page_fault(u32 error, u32 address) { return (fault("#PF", error) << " at ").hex(address); }

Text describe(const Trap& t) {
  if (t.done()) return "done";
  const char* name = t.vector < sizeof kMnemonics / sizeof *kMnemonics ? kMnemonics[t.vector] : nullptr;
  if (name == nullptr) return Text("vector ") << t.vector;
  if (t.vector == 14) return page_fault(t.error, t.cr2);
  const bool has_error = t.vector == 8 || (t.vector >= 10 && t.vector <= 13) || t.vector == 17;
  return has_error ? fault(name, t.error) : Text(name);
}

void say(const Text& line) {
  put(line.c_str());
  put('\n');
}

void expect(const Text& name, const Text& got, const Text& expected) {
  ++cases;
  const bool right = got == expected;
  if (!right) ++wrong;
  put(name.c_str());
  put(": ");
  put(got.c_str());
  if (!right) {
    put(", expected ");
    put(expected.c_str());
  }
  put('\n');
}

void finish() {
  say((Text() << cases << " cases, ") << wrong << " not as expected");
  // Bochs ends by a word to a port, paemu and QEMU by the debug-exit port.
  for (const char* c = "Shutdown"; *c != 0; ++c) out8(0x8900, static_cast<u8>(*c));
  out8(0x501, wrong == 0 ? 3 : 9);
  for (;;) asm volatile("cli; hlt");
}

}  // namespace bare
