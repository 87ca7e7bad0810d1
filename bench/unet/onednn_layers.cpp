// Seconds of a 3×3×3 layer's three computations in oneDNN, which chooses the layouts: onednn_layers < layers, one line each, FROM TO X Y Z.
// Version 3 of oneDNN, for instance the PyPI packages onednn-cpu-gomp and onednn-devel-cpu-gomp: g++ -O2 -fopenmp onednn_layers.cpp -ldnnl
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
using namespace dnnl;

static engine cpu(engine::kind::cpu, 0);
static stream queue(cpu);

static memory filled(const memory::desc &desc) {
    memory m(desc, cpu);
    auto p = static_cast<float *>(m.get_data_handle());
    for (size_t i = 0; i < desc.get_size() / sizeof(float); i++) p[i] = float(i % 101) * 0.01f - 0.5f;
    return m;
}

static double seconds(double flops, const std::function<void()> &run) {
    run();
    double least = 1e9;
    int repeats = std::clamp(int(6e10 / flops), 5, 300);
    for (int i = 0; i < repeats; i++) {
        auto start = std::chrono::steady_clock::now();
        run();
        queue.wait();
        least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return least;
}

int main() {
    long from, to, x, y, z;
    while (scanf("%ld %ld %ld %ld %ld", &from, &to, &x, &y, &z) == 5) {
        auto any = memory::format_tag::any;
        auto f32 = memory::data_type::f32;
        memory::desc source({1, from, z, y, x}, f32, any), weights({to, from, 3, 3, 3}, f32, any), out({1, to, z, y, x}, f32, any);
        memory::dims one{1, 1, 1};
        double flops = 2.0 * 27 * from * to * x * y * z;
        convolution_forward::primitive_desc forward(
            cpu, prop_kind::forward_training, algorithm::convolution_direct, source, weights, out, one, one, one);
        convolution_backward_data::primitive_desc data(cpu, algorithm::convolution_direct, source, weights, out, one, one, one, forward);
        convolution_backward_weights::primitive_desc gradient(
            cpu, algorithm::convolution_direct, source, weights, out, one, one, one, forward);
        auto a = filled(forward.src_desc()), b = filled(forward.weights_desc()), c = filled(forward.dst_desc());
        double times[3];
        convolution_forward first(forward);
        times[0] = seconds(flops, [&] { first.execute(queue, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}}); });
        convolution_backward_data second(data);
        a = filled(data.diff_src_desc()), b = filled(data.weights_desc()), c = filled(data.diff_dst_desc());
        times[1] = seconds(flops, [&] {
            second.execute(queue, {{DNNL_ARG_DIFF_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DIFF_DST, c}});
        });
        convolution_backward_weights third(gradient);
        a = filled(gradient.src_desc()), b = filled(gradient.diff_weights_desc()), c = filled(gradient.diff_dst_desc());
        times[2] = seconds(flops, [&] {
            third.execute(queue, {{DNNL_ARG_SRC, a}, {DNNL_ARG_DIFF_WEIGHTS, b}, {DNNL_ARG_DIFF_DST, c}});
        });
        printf("%ld %ld %ld %ld %ld %g %g %g\n", from, to, x, y, z, times[0], times[1], times[2]);
        fprintf(stderr, "%s, %s, %s\n", forward.impl_info_str(), data.impl_info_str(), gradient.impl_info_str());
        fflush(stdout);
    }
}
