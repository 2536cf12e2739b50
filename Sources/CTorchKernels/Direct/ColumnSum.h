// Sums in LibTorch's order of summation, so that they have its bits.
#pragma once

#include <cstdint>

namespace ctk::direct {

/// The sum of each column of a contiguous matrix, as `sum(0)` computes it on this machine.
///
/// Made once for a shape: it compares the order of summation that it knows with LibTorch's, and leaves the sum to
/// LibTorch where the two differ or several threads would share it.
class ColumnSum {
  public:
    ColumnSum() = default;
    ColumnSum(int64_t rows, int64_t columns);

    /// `result` has as many elements as there are columns.
    void operator()(const float *matrix, float *result) const;
    /// Whether the sum is made here.
    bool knows_order() const { return lanes_ != 0; }

  private:
    int64_t rows_ = 0, columns_ = 0;
    /// How many elements LibTorch's vectors have; 0 where the sum is left to it.
    int64_t lanes_ = 0;
};

}  // namespace ctk::direct
