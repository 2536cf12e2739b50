#include "CollectiveWords.h"

namespace ctk {
namespace {
std::string type(int dtype) {
    switch (dtype) {
        case 0: return "uint8";
        case 1: return "int8";
        case 2: return "int16";
        case 3: return "int32";
        case 4: return "int64";
        case 5: return "float16";
        case 6: return "float32";
        case 7: return "float64";
        case 11: return "bool";
        case 15: return "bfloat16";
        default: return "dtype " + std::to_string(dtype);
    }
}

std::string reduced(const Collective &collective) {
    static const char *const names[] = {"sum",     "average",     "product",    "minimum",
                                        "maximum", "bitwise and", "bitwise or", "bitwise xor", "sum of shares"};
    const auto known = collective.reduction >= 0 && collective.reduction < 9;
    return std::string(known ? names[collective.reduction] : "reduction") + " of " + std::to_string(collective.count) +
           " " + type(collective.dtype);
}
}  // namespace

std::string words(const Collective &collective) {
    const auto number = " #" + std::to_string(collective.sequence);
    const auto bytes = std::to_string(collective.count) + " bytes";
    const bool has_target = collective.operation == Operation::reduce || collective.operation == Operation::gather;
    const auto root = (has_target ? " to rank " : " from rank ") + std::to_string(collective.root);
    switch (collective.operation) {
        case Operation::all_reduce: return "all-reduce" + number + " (" + reduced(collective) + ")";
        case Operation::reduce: return "reduce" + number + " (" + reduced(collective) + root + ")";
        case Operation::broadcast:
            return "broadcast" + number + " (" + bytes + root + ")";
        case Operation::all_gather: return "all-gather" + number + " (" + bytes + " a rank)";
        case Operation::gather: return "gather" + number + " (" + bytes + " a rank" + root + ")";
        case Operation::scatter: return "scatter" + number + " (" + bytes + " a rank" + root + ")";
        case Operation::reduce_scatter: return "reduce-scatter" + number + " (" + reduced(collective) + " a rank)";
        case Operation::all_to_all: return "all-to-all" + number;
        case Operation::allocate: return "allocation" + number + " (" + bytes + " of shared memory a rank)";
        case Operation::barrier: return "barrier" + number;
        case Operation::none: break;
    }
    return "no collective yet";
}

}  // namespace ctk
