import Glibc
import Support

/// A whole-head map of integer labels, made ready for drawing images from it: one byte a voxel, cut to the head, axes right, anterior,
/// superior.
///
/// Some classes are finer than the labels, because their voxels differ much in images: soft tissue near the air becomes subcutaneous fat,
/// and the layer of fluid next to bone becomes dura.
public final class LabelMap: Sendable {
    /// Class of each voxel in the low seven bits, and in the highest whether the voxel belongs to the brain mask. The outermost voxels are
    /// 0.
    let voxels: [UInt8]
    let shape: SIMD3<Int>
    let spacing: SIMD3<Double>
    /// The label and the tissue of each class; class 0 is air.
    let labels: [Float]
    let tissues: [Tissue]
    /// In voxels: the middle of the brain's box, and half of the box's size in mm.
    let centre: SIMD3<Double>
    let halfExtent: SIMD3<Double>
    /// Of what counts as brain.
    public let brainMillilitres: Double
    /// How far the brain reaches forwards and down, in mm from `centre`, along directions `faceAngles` degrees below straight ahead.
    let faceReach: [Double]
    static let faceAngles = [10.0, 20, 30, 40, 50, 60]

    static let brainBit: UInt8 = 0x80

    /// Bytes that this holds.
    public var size: Int { voxels.count }

    /// What belongs to the brain mask, in labels and mm.
    public struct Brain: Sendable, Hashable {
        /// Radius of the closing that takes sulci in, in mm.
        public var close: Double
        /// How far the closed brain is grown into the fluid around it, in mm; never beyond it.
        public var grow: Double

        /// The defaults take sulci and fissures in and leave the fluid between brain and dura out.
        public init(close: Double = 5, grow: Double = 0) { (self.close, self.grow) = (close, grow) }
    }

    /// - Parameters:
    ///   - map: whole numbers: 0 air; 1 to 499 brain in FreeSurfer's numbering, but 24, the fluid around the brain; from 500 the rest of
    ///     the head (`Tissue`).
    ///   - brain: what counts as brain beside the voxels labelled so. Holes are filled, and only the largest piece counts.
    /// - Throws: `LabelMapError` for values that are no labels, for more than 117 of them beside 0, for `brain` out of range, and where there is no
    ///   brain; `IntensityError.argument` for a brain of so many voxels that the closing does not fit; `GridError`; `MemoryError`; `Interrupted`.
    public init(_ map: Volume, brain: Brain = Brain()) throws {
        guard (0...20).contains(brain.close) else { throw LabelMapError.millimetres(name: "close", value: brain.close) }
        guard (0...20).contains(brain.grow) else { throw LabelMapError.millimetres(name: "grow", value: brain.grow) }
        let whole = try map.reoriented(to: "RAS")
        // Specks apart from the head are leavings of segmentation.
        let head = try Mask(grid: whole.grid, voxels: whole.voxels.map { $0 != 0 ? 1 : 0 }).largestComponent(connectivity: .corners)
        let box = try Box(around: head.voxels, shape: head.grid.shape)
        if box.isEmpty { throw LabelMapError.noBrain }
        let room = SIMD3(repeating: 1)
        let image = try whole.cropped(from: box.from, to: box.to).padded(before: room, after: room)
        let inHead = try head.cropped(from: box.from, to: box.to).padded(before: room, after: room)

        var classOf: [Int: UInt8] = [0: 0]
        var labels: [Float] = [0], tissues: [Tissue] = [.air]
        func newClass(_ label: Float, _ tissue: Tissue) throws -> UInt8 {
            guard labels.count < 120 else { throw LabelMapError.tooMany(Set(image.voxels).subtracting([0]).count) }
            labels.append(label)
            tissues.append(tissue)
            return UInt8(labels.count - 1)
        }
        var last: (value: Float, index: UInt8) = (0, 0)
        var classes = [UInt8](repeating: 0, count: image.voxels.count)
        for (i, value) in image.voxels.enumerated() where inHead.voxels[i] != 0 {
            if value != last.value {
                guard value >= 0, value < 32768, value == value.rounded() else { throw LabelMapError.notLabel(Double(value)) }
                if classOf[Int(value)] == nil { classOf[Int(value)] = try newClass(value, Tissue(label: Int(value))) }
                last = (value, classOf[Int(value)]!)
            }
            classes[i] = last.index
        }
        let fat = try newClass(507, .fat), dura = try newClass(24, .dura)
        let grid = image.grid
        try Interrupt.check()
        try Self.findFat(&classes, tissues, fat, grid)
        Self.findDura(&classes, tissues, dura, grid.shape)
        let mask = try Self.brainMask(classes, tissues, grid, brain)
        let found = try Box(around: mask.voxels, shape: mask.grid.shape)
        if found.isEmpty { throw LabelMapError.noBrain }

        voxels = try Voxels.map(classes, mask.voxels) { c, m, out, n in
            for i in 0..<n { out[i] = c[i] | (m[i] &* Self.brainBit) }
        }
        (shape, spacing, self.labels, self.tissues) = (grid.shape, grid.spacing, labels, tissues)
        centre = (SIMD3<Double>(found.from) + SIMD3<Double>(found.to) - 1) / 2
        halfExtent = (SIMD3<Double>(found.to) - SIMD3<Double>(found.from)) / 2 * grid.spacing
        brainMillilitres = Double(mask.count) * grid.spacing.x * grid.spacing.y * grid.spacing.z / 1000
        faceReach = Self.reach(mask, centre, grid.spacing)
    }

    /// Soft tissue within 5 mm of the air, or of skin, is fat.
    private static func findFat(_ classes: inout [UInt8], _ tissues: [Tissue], _ fat: UInt8, _ grid: Grid) throws {
        let outside: [UInt8] = classes.map { tissues[Int($0)] == .air || tissues[Int($0)] == .skin ? 1 : 0 }
        let depth = try EuclideanDistance.toSet(
            outside, shape: grid.shape, spacing: grid.spacing, box: Box(whole: grid.shape), squared: true)
        for i in classes.indices where depth[i] <= 25 && tissues[Int(classes[i])] == .soft { classes[i] = fat }
    }

    /// Fluid with a face on bone or marrow is dura.
    private static func findDura(_ classes: inout [UInt8], _ tissues: [Tissue], _ dura: UInt8, _ shape: SIMD3<Int>) {
        let (nx, area) = (shape.x, shape.x * shape.y)
        let isBone = tissues.map { $0 == .bone || $0 == .marrow || $0 == .soft }
        for i in area..<(classes.count - area) where tissues[Int(classes[i])] == .fluid {
            if isBone[Int(classes[i - 1])] || isBone[Int(classes[i + 1])] || isBone[Int(classes[i - nx])] || isBone[Int(classes[i + nx])]
                || isBone[Int(classes[i - area])] || isBone[Int(classes[i + area])]
            {
                classes[i] = dura
            }
        }
    }

    private static func brainMask(_ classes: [UInt8], _ tissues: [Tissue], _ grid: Grid, _ brain: Brain) throws -> Mask {
        let labelled = Mask(grid: grid, voxels: classes.map { tissues[Int($0)].isBrain ? 1 : 0 })
        var mask = try labelled.closed(radius: brain.close).holesFilled().largestComponent()
        if brain.grow > 0 {
            let grown = try mask.dilated(radius: brain.grow).voxels
            mask = mask.with(zip(grown, zip(mask.voxels, classes)).map { $0 != 0 && ($1.0 != 0 || tissues[Int($1.1)] == .fluid) ? 1 : 0 })
        }
        return mask
    }

    private static func reach(_ mask: Mask, _ centre: SIMD3<Double>, _ spacing: SIMD3<Double>) -> [Double] {
        let directions = faceAngles.map { angle in (cos(angle * .pi / 180), -sin(angle * .pi / 180)) }
        var most = [Double](repeating: 0, count: directions.count)
        let (nx, ny, nz) = (mask.grid.shape.x, mask.grid.shape.y, mask.grid.shape.z)
        for k in 0..<nz {
            for j in 0..<ny where (0..<nx).contains(where: { mask.voxels[$0 + nx * (j + ny * k)] != 0 }) {
                let y = (Double(j) - centre.y) * spacing.y, z = (Double(k) - centre.z) * spacing.z
                for (d, direction) in directions.enumerated() { most[d] = max(most[d], direction.0 * y + direction.1 * z) }
            }
        }
        return most
    }
}

/// What can be wrong with a map of labels.
public enum LabelMapError: ExplainedError, Equatable {
    case notLabel(Double)
    case tooMany(Int)
    case noBrain
    case millimetres(name: String, value: Double)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .notLabel(let value): "a map of labels holds whole numbers from 0 to 32767, and this one has \(Text.short(value))"
        case .tooMany(let count): "this map has \(count) labels, and a head is drawn from 117 at most"
        case .noBrain: "this map has no brain: no label from 1 to 499 other than 24, which is fluid"
        case .millimetres(let name, let value): "`\(name)` must be 0 to 20 mm, got \(Text.short(value))"
        }
    }

    /// The message, beginning with the name that a user called.
    public func message(in operation: String) -> String {
        if case .millimetres = self { "\(operation): \(message)" } else { message }
    }

    /// The parameter that was wrong.
    public var argument: String? {
        if case .millimetres(let name, _) = self { name } else { "labels" }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .notLabel: "resample labels with interpolation=\"label\" or \"nearest\""
        case .tooMany: "give several labels one number first"
        case .noBrain: "labels are FreeSurfer's below 500; from 500 on they are the rest of the head"
        case .millimetres: nil
        }
    }
}
