// The fw_cfg device: the emulator's side of the firmware's inputs.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

bool fw_cfg_present();

// One item, read from its start; selecting another item loses the position, seek() finds it again.
class FwCfgItem {
 public:
  FwCfgItem() = default;
  FwCfgItem(u32 key, u32 size) : key_(key), size_(size) {}

  bool present() const { return size_ > 0; }
  u32 size() const { return size_; }

  // Bytes [offset, offset + count) to `to`. The caller has checked that they exist.
  void read(u32 offset, void* to, u32 count);

 private:
  u32 key_ = 0;
  u32 size_ = 0;
  u32 position_ = 0;
};

// An item of a numbered key whose size is the u32 of another key.
FwCfgItem fw_cfg_sized(u32 size_key, u32 data_key);

// An item that is a number of 16 bits; 0 when there is none.
u32 fw_cfg_number(u32 key);

// A named file; not present() when there is none.
FwCfgItem fw_cfg_file(const char* name);

// The files whose names begin with `prefix`, at most `most` of them. -> how many.
u32 fw_cfg_files(const char* prefix, FwCfgItem* files, u32 most);

template <class Visit>
void each_fw_cfg_file(const char* prefix, Visit&& visit) {
  FwCfgItem files[8];
  const u32 count = fw_cfg_files(prefix, files, 8);
  for (u32 i = 0; i < count; ++i) visit(files[i]);
}

}  // namespace firmware
