// A process's local descriptor table (modify_ldt(2)): made at the first write, copied by fork, shared by threads and
// vfork, gone with exec. Its pages may lie in high memory: the processor sees them in the trampoline window.
#pragma once

#include "arch/descriptors.hpp"
#include "lib/errno.hpp"
#include "lib/ref.hpp"

namespace ido {

class LocalSegments : public RefCounted {
 public:
  ~LocalSegments() override;
  Or<Ref<LocalSegments>> clone() const;
  Or<> set(u32 entry, u64 descriptor);  // grows as needed; entry < Ldt::kMost. Errno::kNoMem
  Or<> read(u32 to, u32 size) const;    // to user memory
  u32 size() const { return ldt_.count * 8; }
  const Ldt& table() const { return ldt_; }

 private:
  Or<> grow(u32 pages);
  Ldt ldt_;
};

}  // namespace ido
