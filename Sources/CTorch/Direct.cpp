// Chains of layers that know their own backward pass.
#include "Guard.h"

#include <Direct/Chain.h>

#include <memory>

using namespace ctorch;

struct ct_chain_handle {
    std::shared_ptr<ctk::direct::Chain> chain;
};

ct_chain ct_chain_new(const ct_layer *layers, int32_t count) {
    ct_chain made = nullptr;
    attempted([&] {
        std::vector<ctk::direct::Layer> list;
        for (int32_t i = 0; i < count; ++i) {
            list.push_back(
                {static_cast<ctk::direct::Kind>(layers[i].kind),
                 layers[i].weight == nullptr ? at::Tensor() : retained(layers[i].weight),
                 layers[i].bias == nullptr ? at::Tensor() : retained(layers[i].bias)});
        }
        made = new ct_chain_handle{std::make_shared<ctk::direct::Chain>(std::move(list))};
    });
    return made;
}
void ct_chain_release(ct_chain self) { delete self; }
bool ct_chain_forward(ct_chain self, ct_tensor input, ct_tensor *out, const char **obstacle) {
    *out = nullptr;
    *obstacle = nullptr;
    return attempted([&] {
        const Borrowed given(input);
        *obstacle = self->chain->obstacle(given);
        if (*obstacle == nullptr) *out = released(self->chain->forward(given));
    });
}
void ct_chain_passes(ct_chain self, int64_t *direct, int64_t *engine) {
    *direct = self->chain->direct_passes.load();
    *engine = self->chain->engine_passes.load();
}
