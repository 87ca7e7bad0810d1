import Figures
import Imaging
import Support

/// A small deterministic head-like volume on an anisotropic grid: no symmetry, so that every flip shows.
func blob(shape: SIMD3<Int> = [17, 23, 12], spacing: SIMD3<Double> = [2, 1.5, 3]) throws -> (Volume, Mask) {
    let grid = try Grid(shape: shape, affine: Affine(spacing: spacing, origin: [-20, -15, -10]))
    let random = CounterRandom(seed: 7)
    var voxels = [Float](), mask = [UInt8]()
    for k in 0..<shape.z {
        for j in 0..<shape.y {
            for i in 0..<shape.x {
                let p = (SIMD3<Double>(SIMD3(i, j, k)) + 0.5) / SIMD3<Double>(shape) - [0.45, 0.55, 0.6]
                let r = (p * p * [6, 7, 9]).sum()
                voxels.append(r < 1 ? Float(100 + 50 * p.x + 70 * p.y + 20 * random.uniform(at: UInt64(voxels.count))) : 0)
                mask.append(r < 0.4 ? 1 : 0)
            }
        }
    }
    return (Volume(grid: grid, voxels: voxels), Mask(grid: grid, voxels: mask))
}

/// The same image stored with its axes in another order and direction; every voxel keeps its place in the world.
func stored<T>(_ grid: Grid, _ voxels: [T], order: [Int], flips: [Bool]) throws -> (Grid, [T]) {
    let columns = [grid.affine.columns.0, grid.affine.columns.1, grid.affine.columns.2]
    var shape = SIMD3<Int>.zero, origin = SIMD3<Double>.zero, steps: [SIMD3<Double>] = []
    for axis in 0..<3 {
        shape[axis] = grid.shape[order[axis]]
        steps.append(flips[axis] ? -columns[order[axis]] : columns[order[axis]])
        if flips[axis] { origin[order[axis]] = Double(shape[axis] - 1) }
    }
    let t = grid.affine(origin)
    let affine = Affine(
        [steps[0].x, steps[1].x, steps[2].x, t.x], [steps[0].y, steps[1].y, steps[2].y, t.y], [steps[0].z, steps[1].z, steps[2].z, t.z])
    var result: [T] = []
    for k in 0..<shape.z {
        for j in 0..<shape.y {
            for i in 0..<shape.x {
                let here = [i, j, k]
                var p = SIMD3<Int>.zero
                for axis in 0..<3 { p[order[axis]] = flips[axis] ? shape[axis] - 1 - here[axis] : here[axis] }
                result.append(voxels[grid.index(p.x, p.y, p.z)])
            }
        }
    }
    return (try Grid(shape: shape, affine: affine), result)
}

/// The rows of a picture above its caption.
func body(_ figure: Figure) -> ArraySlice<UInt32> { figure.pixels[..<(figure.width * (figure.height - 45))] }
