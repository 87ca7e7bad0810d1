## Weighs the channels of a tensor by what the whole volume holds of them (squeeze-and-excite, Hu 2018, doi:10.1109/CVPR.2018.00745).
##
## The mean of every channel goes through two dense layers, with channels / `ratio` (at least 1) numbers between them, to a factor from 0 to 1 for each.
fn squeeze_excite(x, ratio=4) {
    assert(ratio >= 1, "squeeze_excite: ratio must be at least 1, got {ratio}")
    narrow = max(1, floor(x.channels / ratio))
    gates = globalpool(x) |> conv3d(narrow, kernel=1) |> relu() |> conv3d(x.channels, kernel=1) |> sigmoid()
    multiply(x, gates)
}

## Passes on of a skip connection's tensor what matters where: additive attention (Attention U-Net, Oktay 2018, arXiv:1804.03999).
##
## `gate` is the decoder's tensor, already at the size of `x`, so that the factor of each voxel needs no interpolation (the paper computes it at the
## gate's own coarser size). Both are mapped to `filters` channels (none: half of those of `x`), added, and turned into one factor from 0 to 1 a voxel.
fn attention_gate(x, gate, filters=none) {
    n = if filters == none { max(1, floor(x.channels / 2)) } else { filters }
    both = add(conv3d(x, n, kernel=1, bias=false), conv3d(gate, n, kernel=1)) |> relu()
    multiply(x, conv3d(both, 1, kernel=1) |> sigmoid())
}
