// AreaTree: the areas of one address space by address, as an AVL tree. Each node knows the largest gap in front of an
// area of its subtree, so that finding an area and finding room both take a walk from the root down.
//
// For Mm only. Areas never overlap; whoever changes the bounds of one calls changed(). It allocates nothing.
#pragma once

#include "mm/area.hpp"

namespace ido {

class AreaTree {
 public:
  void insert(Area& area);
  void remove(Area& area);
  void changed(Area& area);  // its start or end moved, its place among the others did not

  Area* first_ending_after(u32 address) const;
  static Area* previous(const Area& area);
  static Area* next(const Area& area);

  // The highest address below `limit` with `size` free bytes above it, not below `lowest`; 0: there is none. Leaves
  // `guard` bytes free in front of areas that grow down.
  u32 highest_gap(u32 size, u32 lowest, u32 limit, u32 guard) const;

 private:
  void replace(Area* old, Area* now);
  void rotate(Area* top, bool left);
  void rebalance(Area* from);

  Area* root_ = nullptr;
};

}  // namespace ido
