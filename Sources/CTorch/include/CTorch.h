// The C interface to LibTorch: opaque handles, and one guard around every call.
//
// Conventions
// - A `ct_tensor` is one reference on LibTorch's tensor; `ct_tensor_release` gives it back.
// - A function that returns a handle returns NULL when LibTorch threw; one that returns `bool` returns
//   false. `ct_error_message` and `ct_error_kind` then describe what happened on this thread.
// - Arguments are borrowed: no function keeps or releases the handles that it is given.
// - A dtype is LibTorch's ScalarType number; -1 means "as the input has it".
#ifndef LOCKSTEP_CTORCH_H
#define LOCKSTEP_CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct ct_tensor_handle *ct_tensor;
typedef struct ct_generator_handle *ct_generator;

/// A number that keeps its kind, as LibTorch's Scalar does.
typedef struct {
    double real;
    int64_t integer;
    int8_t kind;  // 0: real, 1: integer, 2: boolean
} ct_scalar;

/// What a new tensor is made of.
typedef struct {
    int8_t dtype;
    int8_t device_type;   // 0: CPU, 1: CUDA
    int8_t device_index;  // -1: the current one
} ct_options;

// --- Errors -------------------------------------------------------------------------------------

enum {
    CT_ERROR_OTHER = 0,
    CT_ERROR_INDEX = 1,
    CT_ERROR_TYPE = 2,
    CT_ERROR_VALUE = 3,
    CT_ERROR_NOT_IMPLEMENTED = 4,
    CT_ERROR_OUT_OF_MEMORY = 5,
    CT_ERROR_DISTRIBUTED = 6,
};
/// The message of the last failure on this thread, valid until the next one.
const char *ct_error_message(void);
int32_t ct_error_kind(void);

// --- The modules that are being called on this thread (for messages) -----------------------------

void ct_scope_enter(void *module);
void ct_scope_leave(void);
int32_t ct_scope_depth(void);
void *_Nullable ct_scope_at(int32_t index);

// --- Runtime --------------------------------------------------------------------------------------

const char *ct_version(void);
bool ct_set_num_threads(int32_t count);
int32_t ct_get_num_threads(void);
int32_t ct_cuda_device_count(void);
/// Lets malloc keep freed blocks, so that a training step does not return and fault in its memory again.
void ct_keep_freed_memory(void);
/// Begins to bring memory into the processor's cache; any address is allowed.
static inline void ct_prefetch(const void *address) { __builtin_prefetch(address); }
/// The instruction set whose kernels are used on this thread: `avx512`, `avx2`, `neon`, or `none` for LibTorch alone.
const char *ct_instruction_set(void);
/// Uses another one that this machine has, or `none`, on this thread; NULL: the widest again. False: it has no such one.
bool ct_select_instruction_set(const char *_Nullable name);
/// Returns to the system, once, memory that is free, and pages of code, which it reads again where they run again.
void ct_release_unused_memory(void);
/// Tensors that are alive and were handed out through this interface.
int64_t ct_live_tensors(void);

// --- Handles and properties -------------------------------------------------------------------------

void ct_tensor_release(ct_tensor self);
ct_tensor ct_tensor_retain(ct_tensor self);
int64_t ct_dim(ct_tensor self);
const int64_t *ct_sizes(ct_tensor self);
bool ct_strides(ct_tensor self, int64_t *out);
int64_t ct_numel(ct_tensor self);
int8_t ct_dtype(ct_tensor self);
int8_t ct_device_type(ct_tensor self);
int8_t ct_device_index(ct_tensor self);
bool ct_is_contiguous(ct_tensor self);
bool ct_shares_storage(ct_tensor self, ct_tensor other);
/// The address of the first element; NULL with an error where the tensor has no storage.
bool ct_data(ct_tensor self, void *_Nullable *_Nonnull out);
bool ct_item(ct_tensor self, ct_scalar *out);

// --- Creation ---------------------------------------------------------------------------------------

ct_tensor _Nullable ct_empty(const int64_t *sizes, int32_t count, ct_options options);
ct_tensor _Nullable ct_full(const int64_t *sizes, int32_t count, ct_scalar value, ct_options options);
ct_tensor _Nullable ct_arange(ct_scalar start, ct_scalar end, ct_scalar step, ct_options options);
ct_tensor _Nullable ct_linspace(double start, double end, int64_t steps, ct_options options);
ct_tensor _Nullable ct_eye(int64_t rows, int64_t columns, ct_options options);
ct_tensor _Nullable ct_full_like(ct_tensor self, ct_scalar value);
ct_tensor _Nullable ct_zeros_like(ct_tensor self);
ct_tensor _Nullable ct_empty_like(ct_tensor self);
ct_tensor _Nullable ct_from_bytes(const void *bytes, const int64_t *sizes, int32_t count, int8_t dtype);
/// A tensor over memory of the caller's; `free(context)` is called once, when the last view is gone.
ct_tensor _Nullable ct_from_blob(
    void *bytes, const int64_t *sizes, int32_t count, int8_t dtype, void *_Nullable context,
    void (*free)(void *_Nullable context));
ct_tensor _Nullable ct_one_hot(ct_tensor self, int64_t classes);

// --- Element-wise, one operand -------------------------------------------------------------------------

#define CT_DECLARE_UNARY(name) ct_tensor _Nullable ct_##name(ct_tensor self);
#define CT_UNARY_OPERATIONS(X)                                                                       \
    X(neg) X(abs) X(sign) X(exp) X(expm1) X(log) X(log1p) X(log2) X(sqrt) X(rsqrt) X(square)         \
    X(reciprocal) X(sin) X(cos) X(tan) X(tanh) X(sigmoid) X(relu) X(erf) X(erfinv) X(floor) X(ceil)  \
    X(round) X(trunc) X(logical_not) X(isnan) X(isinf) X(isfinite) X(silu) X(softplus)
CT_UNARY_OPERATIONS(CT_DECLARE_UNARY)

// --- Element-wise, two operands -------------------------------------------------------------------------

#define CT_DECLARE_BINARY(name) ct_tensor _Nullable ct_##name(ct_tensor self, ct_tensor other);
#define CT_BINARY_OPERATIONS(X)                                                                      \
    X(add) X(sub) X(mul) X(div) X(pow) X(maximum) X(minimum) X(remainder) X(floor_divide) X(atan2)   \
    X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(logical_and) X(logical_or) X(logical_xor)                  \
    X(matmul) X(outer) X(dot)
CT_BINARY_OPERATIONS(CT_DECLARE_BINARY)

#define CT_DECLARE_BINARY_SCALAR(name)                                                               \
    ct_tensor _Nullable ct_##name##_scalar(ct_tensor self, ct_scalar other);
#define CT_BINARY_SCALAR_OPERATIONS(X)                                                               \
    X(add) X(sub) X(mul) X(div) X(pow) X(remainder) X(floor_divide) X(eq) X(ne) X(lt) X(le) X(gt) X(ge)
CT_BINARY_SCALAR_OPERATIONS(CT_DECLARE_BINARY_SCALAR)
ct_tensor _Nullable ct_rsub_scalar(ct_tensor self, ct_scalar other);       // other - self
ct_tensor _Nullable ct_rpow_scalar(ct_scalar base, ct_tensor exponent);

ct_tensor _Nullable ct_clamp(ct_tensor self, const ct_scalar *_Nullable low, const ct_scalar *_Nullable high);
ct_tensor _Nullable ct_where(ct_tensor condition, ct_tensor self, ct_tensor other);
ct_tensor _Nullable ct_lerp(ct_tensor self, ct_tensor end, double weight);
ct_tensor _Nullable ct_einsum(const char *equation, const ct_tensor _Nonnull *_Nonnull tensors, int32_t count);

// --- In place ------------------------------------------------------------------------------------------------

bool ct_add_(ct_tensor self, ct_tensor other, ct_scalar alpha);
bool ct_mul_(ct_tensor self, ct_tensor other);
bool ct_div_(ct_tensor self, ct_tensor other);
bool ct_add_scalar_(ct_tensor self, ct_scalar other);
bool ct_mul_scalar_(ct_tensor self, ct_scalar other);
bool ct_div_scalar_(ct_tensor self, ct_scalar other);
bool ct_clamp_(ct_tensor self, const ct_scalar *_Nullable low, const ct_scalar *_Nullable high);
bool ct_copy_(ct_tensor self, ct_tensor source);
bool ct_fill_(ct_tensor self, ct_scalar value);
bool ct_lerp_(ct_tensor self, ct_tensor end, double weight);

// --- Reductions ------------------------------------------------------------------------------------------------
// `dims` with count 0 means all dimensions.

ct_tensor _Nullable ct_sum(ct_tensor self, const int64_t *_Nullable dims, int32_t count, bool keepdim, int8_t dtype);
ct_tensor _Nullable ct_mean(ct_tensor self, const int64_t *_Nullable dims, int32_t count, bool keepdim, int8_t dtype);
ct_tensor _Nullable ct_var(ct_tensor self, const int64_t *_Nullable dims, int32_t count, double correction, bool keepdim);
ct_tensor _Nullable ct_std(ct_tensor self, const int64_t *_Nullable dims, int32_t count, double correction, bool keepdim);
ct_tensor _Nullable ct_amax(ct_tensor self, const int64_t *_Nullable dims, int32_t count, bool keepdim);
ct_tensor _Nullable ct_amin(ct_tensor self, const int64_t *_Nullable dims, int32_t count, bool keepdim);
ct_tensor _Nullable ct_norm(ct_tensor self, double p, const int64_t *_Nullable dims, int32_t count, bool keepdim);
ct_tensor _Nullable ct_logsumexp(ct_tensor self, const int64_t *dims, int32_t count, bool keepdim);
ct_tensor _Nullable ct_prod(ct_tensor self);
ct_tensor _Nullable ct_prod_dim(ct_tensor self, int64_t dim, bool keepdim);
ct_tensor _Nullable ct_all(ct_tensor self);
ct_tensor _Nullable ct_any(ct_tensor self);
ct_tensor _Nullable ct_all_dim(ct_tensor self, int64_t dim, bool keepdim);
ct_tensor _Nullable ct_any_dim(ct_tensor self, int64_t dim, bool keepdim);
/// `dim` NULL: over the flattened tensor.
ct_tensor _Nullable ct_argmax(ct_tensor self, const int64_t *_Nullable dim, bool keepdim);
ct_tensor _Nullable ct_argmin(ct_tensor self, const int64_t *_Nullable dim, bool keepdim);
ct_tensor _Nullable ct_cumsum(ct_tensor self, int64_t dim);
ct_tensor _Nullable ct_softmax(ct_tensor self, int64_t dim, int8_t dtype);
ct_tensor _Nullable ct_log_softmax(ct_tensor self, int64_t dim, int8_t dtype);
bool ct_max_dim(ct_tensor self, int64_t dim, bool keepdim, ct_tensor _Nonnull *_Nonnull values, ct_tensor _Nonnull *_Nonnull indices);
bool ct_min_dim(ct_tensor self, int64_t dim, bool keepdim, ct_tensor _Nonnull *_Nonnull values, ct_tensor _Nonnull *_Nonnull indices);
bool ct_topk(ct_tensor self, int64_t k, int64_t dim, bool largest, ct_tensor _Nonnull *_Nonnull values, ct_tensor _Nonnull *_Nonnull indices);
bool ct_sort(ct_tensor self, int64_t dim, bool descending, ct_tensor _Nonnull *_Nonnull values, ct_tensor _Nonnull *_Nonnull indices);
bool ct_equal(ct_tensor self, ct_tensor other, bool *out);
bool ct_allclose(ct_tensor self, ct_tensor other, double rtol, double atol, bool equal_nan, bool *out);

// --- Shape -------------------------------------------------------------------------------------------------------

ct_tensor _Nullable ct_reshape(ct_tensor self, const int64_t *sizes, int32_t count);
ct_tensor _Nullable ct_view(ct_tensor self, const int64_t *sizes, int32_t count);
ct_tensor _Nullable ct_expand(ct_tensor self, const int64_t *sizes, int32_t count);
ct_tensor _Nullable ct_permute(ct_tensor self, const int64_t *dims, int32_t count);
ct_tensor _Nullable ct_flip(ct_tensor self, const int64_t *dims, int32_t count);
ct_tensor _Nullable ct_repeat(ct_tensor self, const int64_t *repeats, int32_t count);
ct_tensor _Nullable ct_pad(ct_tensor self, const int64_t *pad, int32_t count, double value);
ct_tensor _Nullable ct_transpose(ct_tensor self, int64_t dim0, int64_t dim1);
ct_tensor _Nullable ct_squeeze(ct_tensor self);
ct_tensor _Nullable ct_squeeze_dim(ct_tensor self, int64_t dim);
ct_tensor _Nullable ct_unsqueeze(ct_tensor self, int64_t dim);
ct_tensor _Nullable ct_flatten(ct_tensor self, int64_t start, int64_t end);
ct_tensor _Nullable ct_contiguous(ct_tensor self);
ct_tensor _Nullable ct_clone(ct_tensor self);
ct_tensor _Nullable ct_to(ct_tensor self, int8_t dtype, int8_t device_type, int8_t device_index, bool copy);
ct_tensor _Nullable ct_tril(ct_tensor self, int64_t diagonal);
ct_tensor _Nullable ct_triu(ct_tensor self, int64_t diagonal);
ct_tensor _Nullable ct_diagonal(ct_tensor self, int64_t offset, int64_t dim0, int64_t dim1);
ct_tensor _Nullable ct_cat(const ct_tensor _Nonnull *_Nonnull tensors, int32_t count, int64_t dim);
ct_tensor _Nullable ct_stack(const ct_tensor _Nonnull *_Nonnull tensors, int32_t count, int64_t dim);
/// The parts are written to `out`, which has room for `capacity`; `*count` is how many there are.
bool ct_split(ct_tensor self, int64_t size, int64_t dim, ct_tensor _Nullable *_Nonnull out, int32_t capacity, int32_t *count);
bool ct_chunk(ct_tensor self, int64_t chunks, int64_t dim, ct_tensor _Nullable *_Nonnull out, int32_t capacity, int32_t *count);

// --- Indexing ------------------------------------------------------------------------------------------------------

ct_tensor _Nullable ct_select(ct_tensor self, int64_t dim, int64_t index);
ct_tensor _Nullable ct_slice(ct_tensor self, int64_t dim, int64_t start, int64_t end, int64_t step);
ct_tensor _Nullable ct_narrow(ct_tensor self, int64_t dim, int64_t start, int64_t length);
ct_tensor _Nullable ct_index_select(ct_tensor self, int64_t dim, ct_tensor index);
/// Some rows, copied: the first dimension indexed by numbers from 0 on.
ct_tensor _Nullable ct_rows(ct_tensor self, const int64_t *_Nullable rows, int32_t count);
ct_tensor _Nullable ct_gather(ct_tensor self, int64_t dim, ct_tensor index);
ct_tensor _Nullable ct_scatter(ct_tensor self, int64_t dim, ct_tensor index, ct_tensor source);
/// Advanced indexing: one entry a dimension, NULL where the whole dimension is taken.
ct_tensor _Nullable ct_index(ct_tensor self, const ct_tensor _Nullable *_Nonnull indices, int32_t count);
bool ct_index_put_(ct_tensor self, const ct_tensor _Nullable *_Nonnull indices, int32_t count, ct_tensor values);
ct_tensor _Nullable ct_masked_select(ct_tensor self, ct_tensor mask);
ct_tensor _Nullable ct_masked_fill(ct_tensor self, ct_tensor mask, ct_scalar value);
ct_tensor _Nullable ct_nonzero(ct_tensor self);
ct_tensor _Nullable ct_bincount(ct_tensor self, int64_t minlength);

// --- Autograd --------------------------------------------------------------------------------------------------------

bool ct_requires_grad(ct_tensor self);
bool ct_set_requires_grad(ct_tensor self, bool value);
bool ct_is_leaf(ct_tensor self);
/// The gradient, or NULL where there is none.
ct_tensor _Nullable ct_grad(ct_tensor self);
bool ct_set_grad(ct_tensor self, ct_tensor _Nullable gradient);
bool ct_zero_grad(const ct_tensor _Nonnull *_Nonnull tensors, int32_t count, bool set_to_none);
bool ct_retain_grad(ct_tensor self);
ct_tensor _Nullable ct_detach(ct_tensor self);
bool ct_set_data(ct_tensor self, ct_tensor source);
bool ct_backward(ct_tensor self, ct_tensor _Nullable gradient, bool retain_graph, bool create_graph);
/// `out` receives one handle an input, NULL where the output does not depend on it.
bool ct_gradients(
    const ct_tensor _Nonnull *_Nonnull outputs, int32_t output_count, const ct_tensor _Nonnull *_Nonnull inputs,
    int32_t input_count, const ct_tensor _Nullable *_Nullable output_gradients, bool retain_graph, bool create_graph,
    ct_tensor _Nullable *_Nonnull out);
/// From here to `ct_autocast_end`, operations of this thread that gain from it compute in a type; scopes nest.
bool ct_autocast_begin(int8_t dtype);
void ct_autocast_end(void);
bool ct_grad_mode(void);
void ct_set_grad_mode(bool enabled);

/// The elements of a parameter that have had a gradient in any backward pass so far, in the order of memory: `*count`
/// ranges, of which up to `capacity` are written as pairs of begin and end. `*count` is -1 where nothing is known, and any
/// element may have a gradient.
bool ct_gradient_support(ct_tensor parameter, int64_t *_Nullable ranges, int32_t capacity, int32_t *count);
/// Lets convolutions write the gradient of a weight to `memory`, of its sizes and strides, as long as the weight has no
/// gradient when the backward pass begins; NULL: to memory of their own.
bool ct_set_gradient_memory(ct_tensor parameter, ct_tensor _Nullable memory);

// --- Random draws ------------------------------------------------------------------------------------------------------
// `generator` NULL: the process-wide one of the device.

ct_generator _Nullable ct_generator_new(uint64_t seed);
/// The process-wide generator of the CPU.
ct_generator _Nullable ct_generator_default(void);
void ct_generator_release(ct_generator self);
bool ct_generator_set_seed(ct_generator self, uint64_t seed);
uint64_t ct_generator_seed(ct_generator self);
ct_tensor _Nullable ct_generator_state(ct_generator self);
bool ct_generator_set_state(ct_generator self, ct_tensor state);
/// Seeds the process-wide generators of all devices, as `torch.manual_seed`.
bool ct_manual_seed(uint64_t seed);
ct_tensor _Nullable ct_rand(const int64_t *sizes, int32_t count, ct_options options, ct_generator _Nullable generator);
ct_tensor _Nullable ct_randn(const int64_t *sizes, int32_t count, ct_options options, ct_generator _Nullable generator);
ct_tensor _Nullable ct_randint(
    int64_t low, int64_t high, const int64_t *sizes, int32_t count, ct_options options, ct_generator _Nullable generator);
ct_tensor _Nullable ct_randperm(int64_t n, ct_generator _Nullable generator);
bool ct_uniform_(ct_tensor self, double low, double high, ct_generator _Nullable generator);
bool ct_normal_(ct_tensor self, double mean, double std, ct_generator _Nullable generator);
bool ct_bernoulli_(ct_tensor self, double p, ct_generator _Nullable generator);
bool ct_exponential_(ct_tensor self, double lambda, ct_generator _Nullable generator);
ct_tensor _Nullable ct_bernoulli(ct_tensor probabilities, ct_generator _Nullable generator);
ct_tensor _Nullable ct_multinomial(ct_tensor weights, int64_t count, bool replacement, ct_generator _Nullable generator);

// --- Layers ------------------------------------------------------------------------------------------------------------

ct_tensor _Nullable ct_linear(ct_tensor input, ct_tensor weight, ct_tensor _Nullable bias);
/// `stride`, `padding` and `dilation` have two elements each.
ct_tensor _Nullable ct_conv2d(
    ct_tensor input, ct_tensor weight, ct_tensor _Nullable bias, const int64_t *stride, const int64_t *padding,
    const int64_t *dilation, int64_t groups);
ct_tensor _Nullable ct_batch_norm(
    ct_tensor input, ct_tensor _Nullable weight, ct_tensor _Nullable bias, ct_tensor _Nullable running_mean,
    ct_tensor _Nullable running_var, bool training, double momentum, double eps);
/// `relu(batch_norm(input) + residual)`; `residual` may be absent, and without `rectifies` nothing is rectified. In
/// training, `batches` (one int64) is advanced.
ct_tensor _Nullable ct_rectified_batch_norm(
    ct_tensor input, ct_tensor _Nullable residual, ct_tensor _Nullable weight, ct_tensor _Nullable bias,
    ct_tensor _Nullable running_mean, ct_tensor _Nullable running_var, ct_tensor _Nullable batches, bool training,
    double momentum, double eps, bool rectifies);
/// Uses another table of which algorithm computes which convolution, in this process; `name` is for messages.
bool ct_convolution_table_use(const char *text, const char *name);
/// The name and the checksum of the table in use; both stay valid.
const char *ct_convolution_table_name(void);
const char *ct_convolution_table_checksum(void);
/// Uses one algorithm on this thread wherever it can be: 0 LibTorch's, 1 columns, 2 taps; -1: the table's again.
void ct_select_convolution_algorithm(int32_t algorithm);
/// A convolution's weight, laid out in memory by taps, inputs and outputs, as the kernels take it.
ct_tensor _Nullable ct_tap_major(ct_tensor weight);
ct_tensor _Nullable ct_max_pool2d(
    ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, const int64_t *dilation,
    bool ceil_mode);
ct_tensor _Nullable ct_avg_pool2d(
    ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, bool ceil_mode,
    bool count_include_pad);
ct_tensor _Nullable ct_adaptive_avg_pool2d(ct_tensor input, const int64_t *output);
ct_tensor _Nullable ct_gelu(ct_tensor input, bool tanh_approximation);
ct_tensor _Nullable ct_layer_norm(
    ct_tensor input, const int64_t *normalized, int32_t count, ct_tensor _Nullable weight, ct_tensor _Nullable bias,
    double eps);
/// `padding_index` -1: none.
ct_tensor _Nullable ct_embedding(ct_tensor weight, ct_tensor indices, int64_t padding_index);

// --- Losses --------------------------------------------------------------------------------------------------------------
// `reduction`: 0 none, 1 mean, 2 sum (LibTorch's numbers).

ct_tensor _Nullable ct_cross_entropy(
    ct_tensor input, ct_tensor target, ct_tensor _Nullable weight, int64_t reduction, int64_t ignore_index,
    double label_smoothing);
ct_tensor _Nullable ct_nll_loss(
    ct_tensor input, ct_tensor target, ct_tensor _Nullable weight, int64_t reduction, int64_t ignore_index);
ct_tensor _Nullable ct_mse_loss(ct_tensor input, ct_tensor target, int64_t reduction);
ct_tensor _Nullable ct_bce_with_logits(
    ct_tensor input, ct_tensor target, ct_tensor _Nullable weight, ct_tensor _Nullable pos_weight, int64_t reduction);

// --- Optimizers -------------------------------------------------------------------------------------------------------------
// One call a group of parameters; the arrays have `count` entries each. Parameters change in place.

typedef struct {
    double learning_rate, momentum, dampening, weight_decay;
    bool nesterov, maximize, first_step;
} ct_sgd_settings;
bool ct_sgd_step(
    const ct_tensor _Nonnull *_Nonnull parameters, const ct_tensor _Nonnull *_Nonnull gradients,
    const ct_tensor _Nonnull *_Nullable momentum_buffers, int32_t count, ct_sgd_settings settings);

/// A group of parameters with their state, for steps in one pass.
typedef struct ct_update_handle *ct_update;
ct_update _Nullable ct_update_new(const ct_tensor _Nonnull *_Nonnull parameters, int32_t count);
void ct_update_release(ct_update self);
/// The state of one parameter: SGD's momentum buffer as `first`, or Adam's averages, largest average square and step.
/// `is_new`: all zeros, from before the parameter's first step.
bool ct_update_set_state(
    ct_update self, int32_t index, ct_tensor _Nullable first, ct_tensor _Nullable second, ct_tensor _Nullable largest,
    ct_tensor _Nullable step, bool is_new);
enum {
    CT_UPDATE_FAILED = 0,
    CT_UPDATE_DONE = 1,
    /// A parameter has a gradient and no state; nothing was changed.
    CT_UPDATE_NEEDS_STATE = 2,
    /// Something is of a kind that the kernels do not take; nothing was changed.
    CT_UPDATE_UNSUITED = 3,
};
/// A step over the parameters that have a gradient; `first_step` does not count.
int32_t ct_update_sgd(ct_update self, ct_sgd_settings settings);

typedef struct {
    double learning_rate, beta1, beta2, eps, weight_decay;
    bool amsgrad, maximize, decoupled;  // decoupled: AdamW
} ct_adam_settings;
/// `steps` are scalar float tensors that have been advanced already.
bool ct_adam_step(
    const ct_tensor _Nonnull *_Nonnull parameters, const ct_tensor _Nonnull *_Nonnull gradients,
    const ct_tensor _Nonnull *_Nonnull averages, const ct_tensor _Nonnull *_Nonnull square_averages,
    const ct_tensor _Nonnull *_Nullable maximum_square_averages, const ct_tensor _Nonnull *_Nonnull steps, int32_t count,
    ct_adam_settings settings);
/// A step over the parameters that have a gradient, which advances their step.
int32_t ct_update_adam(ct_update self, ct_adam_settings settings);
/// Multiplies gradients by `inverse` in place; `are_finite` says whether none is infinite or NaN.
bool ct_unscale_gradients(
    const ct_tensor _Nonnull *_Nonnull gradients, int32_t count, double inverse, bool *are_finite);
bool ct_advance_steps(const ct_tensor _Nonnull *_Nonnull steps, int32_t count);
/// The norm of all gradients together, after which each was scaled in place to at most `max_norm`.
ct_tensor _Nullable ct_clip_grad_norm(
    const ct_tensor _Nonnull *_Nonnull gradients, int32_t count, double max_norm, double norm_type);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#include "CTorchDirect.h"
#include "CTorchDistributed.h"

#endif
