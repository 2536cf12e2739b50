#include "ConvolutionTable.h"

#include <c10/util/Exception.h>

#include <atomic>
#include <cstdio>
#include <sstream>

namespace ctk {
namespace {

const char *const built_in =
#include "BuiltInTable.inc"
    ;

/// FNV-1a of 64 bits: it tells tables apart, and is no protection.
std::string checksum_of(const std::string &text) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    char digits[17];
    std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(hash));
    return digits;
}

/// The value that a word stands for, if it is one of the names.
template <class Value, size_t Count>
std::optional<Value> named(const std::pair<std::string_view, Value> (&names)[Count], const std::string &word) {
    for (const auto &[name, value] : names) {
        if (name == word) return value;
    }
    return std::nullopt;
}

constexpr std::pair<std::string_view, ConvolutionAlgorithm> algorithms[] = {
    {"libtorch", ConvolutionAlgorithm::libtorch},
    {"columns", ConvolutionAlgorithm::columns},
    {"taps", ConvolutionAlgorithm::taps},
};
constexpr std::pair<std::string_view, c10::ScalarType> types[] = {{"float32", c10::kFloat}, {"float64", c10::kDouble}};
/// Also those that this machine does not have: a table may come from another one.
constexpr std::pair<std::string_view, bool> instruction_sets[] = {{"avx512", true}, {"avx2", true}, {"neon", true}};

std::atomic<const ConvolutionTable *> in_use{nullptr};

}  // namespace

ConvolutionTable::ConvolutionTable(const std::string &text, std::string name)
    : name_(std::move(name)), checksum_(checksum_of(text)) {
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        const std::string fault = add(line);
        TORCH_CHECK_VALUE(
            fault.empty(), "the convolution table ", name_, ", line ", number, ": ", fault, ". Found: ", line,
            "\n`lockstep tune` writes tables, and says in them what a line has.");
    }
}

std::string ConvolutionTable::add(const std::string &line) {
    std::istringstream words(line.substr(0, line.find('#')));
    ConvolutionCase entry;
    if (!(words >> entry.instruction_set)) return "";
    if (!named(instruction_sets, entry.instruction_set)) {
        return "the instruction set " + entry.instruction_set + " is unknown; there are avx512, avx2 and neon";
    }
    std::string word;
    words >> word;
    const auto type = named(types, word);
    if (!type) return "the type " + word + " is unknown; there are float32 and float64";
    entry.type = *type;
    auto &s = entry.shape;
    words >> entry.threads >> s.batch >> s.inputs >> s.outputs >> s.height.input >> s.width.input >>
        s.height.kernel >> s.width.kernel >> s.height.stride >> s.width.stride >> s.height.padding >> s.width.padding;
    if (!words) return "12 numbers are expected after the type";
    const auto sizes = {
        static_cast<int64_t>(entry.threads), s.batch, s.inputs, s.outputs, s.height.input, s.width.input,
        s.height.kernel, s.width.kernel, s.height.stride, s.width.stride, s.height.padding + 1, s.width.padding + 1};
    if (std::min(sizes) < 1) return "a number is too small; padding may be 0, all others begin with 1";
    if (!(words >> word)) return "the algorithm is missing; there are libtorch, columns and taps";
    const auto algorithm = named(algorithms, word);
    if (!algorithm) return "the algorithm " + word + " is unknown; there are libtorch, columns and taps";
    if (words >> word) return "nothing is expected after the algorithm";
    if (!entries_.emplace(key(entry), *algorithm).second) return "an earlier line has the same case";
    return "";
}

ConvolutionTable::Key ConvolutionTable::key(const ConvolutionCase &wanted) {
    const auto &s = wanted.shape;
    return {
        wanted.instruction_set,
        wanted.type,
        {wanted.threads, s.batch, s.inputs, s.outputs, s.height.input, s.width.input, s.height.kernel, s.width.kernel,
         s.height.stride, s.width.stride, s.height.padding, s.width.padding}};
}

std::optional<ConvolutionAlgorithm> ConvolutionTable::find(const ConvolutionCase &wanted) const {
    const auto place = entries_.find(key(wanted));
    return place == entries_.end() ? std::nullopt : std::optional(place->second);
}

const ConvolutionTable &ConvolutionTable::current() {
    if (const auto *table = in_use.load(std::memory_order_acquire)) return *table;
    static const ConvolutionTable table(built_in, "built-in");
    return table;
}

void ConvolutionTable::use(ConvolutionTable table) {
    // Never freed: another thread may be reading the one before.
    in_use.store(new ConvolutionTable(std::move(table)), std::memory_order_release);
}

}  // namespace ctk
