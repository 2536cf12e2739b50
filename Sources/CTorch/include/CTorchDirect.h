// Chains of layers that know their own backward pass.
//
// The conventions are CTorch.h's.
#ifndef LOCKSTEP_CTORCH_DIRECT_H
#define LOCKSTEP_CTORCH_DIRECT_H

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct ct_chain_handle *ct_chain;

enum {
    CT_LAYER_FLATTEN = 0,
    CT_LAYER_LINEAR = 1,
    CT_LAYER_RELU = 2,
    CT_LAYER_SIGMOID = 3,
    CT_LAYER_TANH = 4,
    CT_LAYER_GELU = 5,
    CT_LAYER_GELU_TANH = 6,
    CT_LAYER_LOG_SOFTMAX = 7,
};

typedef struct {
    int32_t kind;
    ct_tensor _Nullable weight;  // (outputs, inputs) of CT_LAYER_LINEAR
    ct_tensor _Nullable bias;    // (outputs)
} ct_layer;

ct_chain _Nullable ct_chain_new(const ct_layer *layers, int32_t count);
void ct_chain_release(ct_chain self);
/// `out` is NULL where the input has to go through the layers one by one; `obstacle` says why then, and is NULL else.
bool ct_chain_forward(
    ct_chain self, ct_tensor input, ct_tensor _Nullable *_Nonnull out,
    const char *_Nullable *_Nonnull obstacle);
/// How many backward passes went without LibTorch's engine, and through it.
void ct_chain_passes(ct_chain self, int64_t *direct, int64_t *engine);
/// Why the last backward pass of this thread went through the engine; NULL if it did not.
const char *_Nullable ct_backward_detour(void);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
