// Moving one used page to another frame while programs go on using it. Steps 4.1 to 4.8 of docs/migration.md.
#pragma once

#include "mm/page.hpp"

namespace ido {

enum class MoveResult : u8 {
  kMoved,     // the old frame is free (isolated, if its section is going offline)
  kGone,      // nothing to move: it was freed meanwhile
  kBusy,      // somebody uses it in flight: try again later
  kPinned,    // its frame number is held
  kNoMemory,  // there is no target
  kRefused,   // its backing would not move it
};

// page: in use as kAnonymous or kCache, else kGone. May sleep in the backing's migrate_page only.
MoveResult migrate_page(Page* page);

}  // namespace ido
