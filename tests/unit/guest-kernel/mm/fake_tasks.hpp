// Between the files of the fake.
#pragma once

#include "base/types.hpp"

namespace fake {

void make_physical_memory();
void kmaps_held(base::i32 change);  // a task that holds a kmap must not sleep
base::i32 user_tables();            // page tables of user address spaces that exist

}  // namespace fake
