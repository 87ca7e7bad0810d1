// 3x3x3 convolutions of oneDNN itself, in its own blocked layouts: seconds of forward, backward-data and backward-weights, the least of some turns.
// Build: g++ -O2 onednn_layers.cpp -ldnnl -o onednn_layers (Debian's libdnnl-dev). Usage: onednn_layers IN OUT X Y Z TURNS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

using namespace dnnl;

static engine cpu(engine::kind::cpu, 0);
static stream run(cpu);

static double best(int turns, const std::function<void()> &body) {
    double least = 1e9;
    for (int i = 0; i <= turns; i++) {
        auto began = std::chrono::steady_clock::now();
        body();
        run.wait();
        double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        if (i > 0 && seconds < least) least = seconds;
    }
    return least;
}

static memory filled(const memory::desc &desc) {
    memory m(desc, cpu);
    auto *p = static_cast<float *>(m.get_data_handle());
    for (size_t i = 0; i < desc.get_size() / sizeof(float); i++) p[i] = (i % 17) * 0.1f - 0.8f;
    return m;
}

int main(int count, char **words) {
    if (count != 7) return 2;
    long n[6];
    for (int i = 0; i < 6; i++) n[i] = std::atol(words[i + 1]);
    auto any = memory::format_tag::any;
    auto f32 = memory::data_type::f32;
    memory::desc x({1, n[0], n[4], n[3], n[2]}, f32, any), w({n[1], n[0], 3, 3, 3}, f32, any), y({1, n[1], n[4], n[3], n[2]}, f32, any);
    memory::dims one{1, 1, 1};
    auto algorithm = algorithm::convolution_direct;
    auto forward = convolution_forward::primitive_desc(
        convolution_forward::desc(prop_kind::forward_training, algorithm, x, w, y, one, one, one), cpu);
    auto data = convolution_backward_data::primitive_desc(
        convolution_backward_data::desc(algorithm, x, w, y, one, one, one), cpu, forward);
    auto weights = convolution_backward_weights::primitive_desc(
        convolution_backward_weights::desc(algorithm, x, w, y, one, one, one), cpu, forward);
    int turns = static_cast<int>(n[5]);
    memory fx = filled(forward.src_desc()), fw = filled(forward.weights_desc()), fy = filled(forward.dst_desc());
    memory dx = filled(data.diff_src_desc()), dw = filled(data.weights_desc()), dy = filled(data.diff_dst_desc());
    memory wx = filled(weights.src_desc()), ww = filled(weights.diff_weights_desc()), wy = filled(weights.diff_dst_desc());
    convolution_forward f(forward);
    convolution_backward_data d(data);
    convolution_backward_weights g(weights);
    double a = best(turns, [&] { f.execute(run, {{DNNL_ARG_SRC, fx}, {DNNL_ARG_WEIGHTS, fw}, {DNNL_ARG_DST, fy}}); });
    double b = best(turns, [&] { d.execute(run, {{DNNL_ARG_DIFF_SRC, dx}, {DNNL_ARG_WEIGHTS, dw}, {DNNL_ARG_DIFF_DST, dy}}); });
    double c = best(turns, [&] { g.execute(run, {{DNNL_ARG_SRC, wx}, {DNNL_ARG_DIFF_WEIGHTS, ww}, {DNNL_ARG_DIFF_DST, wy}}); });
    std::printf("%g %g %g\n", a, b, c);
}
