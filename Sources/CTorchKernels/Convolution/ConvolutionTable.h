// A table of which algorithm computes which convolution.
#pragma once

#include "ConvolutionShape.h"

#include <c10/core/ScalarType.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace ctk {

enum class ConvolutionAlgorithm : int32_t {
    /// LibTorch's own choice, which is oneDNN for most.
    libtorch = 0,
    /// One matrix product over the batch.
    columns = 1,
    /// A matrix product for each tap.
    taps = 2,
};

/// What the choice depends on.
struct ConvolutionCase {
    /// As `Kernels::name` has it.
    std::string instruction_set;
    c10::ScalarType type = c10::kFloat;
    int threads = 1;
    ConvolutionShape shape;
};

/// Entries of measured cases. As text: a line each, `#` begins a remark.
///
///     avx512 float32 2 16 64 64 8 8 3 3 1 1 1 1 taps
///
/// The instruction set, the type, the threads; the batch, inputs, outputs, height and width; the height and width of
/// the kernel, of its step and of the padding; and `libtorch`, `columns` or `taps`.
class ConvolutionTable {
  public:
    /// Reads a table; throws `c10::Error` with the number of the line that is no entry, or a second one of a case.
    ConvolutionTable(const std::string &text, std::string name);

    std::optional<ConvolutionAlgorithm> find(const ConvolutionCase &wanted) const;
    const std::string &name() const { return name_; }
    /// Of the text, 16 hexadecimal digits.
    const std::string &checksum() const { return checksum_; }

    /// The table in use by this process.
    static const ConvolutionTable &current();
    /// Uses another table from now on; before the first convolution, or numbers may change on the way.
    static void use(ConvolutionTable table);

  private:
    using Key = std::tuple<std::string, c10::ScalarType, std::array<int64_t, 12>>;
    static Key key(const ConvolutionCase &wanted);
    /// What is wrong with a line; empty where it is an entry, which is then added, or a remark.
    std::string add(const std::string &line);

    std::map<Key, ConvolutionAlgorithm> entries_;
    std::string name_;
    std::string checksum_;
};

}  // namespace ctk
