import Imaging
import Runtime
import Support

extension Catalog {
    static let statistics: [Builtin] = [
        Builtin(
            "mean", "Mean of a volume's voxels, or of a list of numbers.", theme: .intensity,
            Param<Either<VoxelExpression, [Double]>>("values", "a volume or a list of numbers"),
            Param<Mask?>("mask", "only voxels in this mask", default: nil),
            returns: "a number", examples: [Example("mean([1, 2, 6])", "3")]
        ) { context, values, mask in
            try reduced("mean", values, mask, context, of: { try $0.meanAndDeviation(in: mask).mean }, SampleStatistics.mean)
        },

        Builtin(
            "std", "Standard deviation (of the population) of a volume's voxels, or of a list of numbers.", theme: .intensity,
            Param<Either<VoxelExpression, [Double]>>("values", "a volume or a list of numbers"),
            Param<Mask?>("mask", "only voxels in this mask", default: nil),
            returns: "a number", examples: [Example("std([1, 3])", "1")]
        ) { context, values, mask in
            try reduced("std", values, mask, context, of: { try $0.meanAndDeviation(in: mask).std }, SampleStatistics.std)
        },

        Builtin(
            "min", "Least value of a volume, of a list, or of numbers.", theme: .intensity,
            Param<Rest<Either<VoxelExpression, Either<Double, [Double]>>>>("values", "a volume, a list of numbers, or numbers"),
            Param<Mask?>("mask", "only voxels in this mask", default: nil),
            returns: "a number", examples: [Example("min(3, 1, 2)", "1"), Example("min([4, 5])", "4")]
        ) { context, values, mask in
            try reduced("min", gathered(values, "min", context), mask, context, of: { Double(try $0.statistics(in: mask).min) }, SampleStatistics.min)
        },

        Builtin(
            "max", "Greatest value of a volume, of a list, or of numbers.", theme: .intensity,
            Param<Rest<Either<VoxelExpression, Either<Double, [Double]>>>>("values", "a volume, a list of numbers, or numbers"),
            Param<Mask?>("mask", "only voxels in this mask", default: nil),
            returns: "a number", examples: [Example("max(3, 1, 2)", "3"), Example("max([4, 5])", "5")]
        ) { context, values, mask in
            try reduced("max", gathered(values, "max", context), mask, context, of: { Double(try $0.statistics(in: mask).max) }, SampleStatistics.max)
        },

        Builtin(
            "percentile", "The value below which a share of a volume's voxels, or of a list of numbers, lies.", theme: .intensity,
            details: "Exact, with linear interpolation between order statistics, as numpy's default.",
            Param<Either<Volume, [Double]>>("values", "a volume or a list of numbers"),
            Param<Either<Double, [Double]>>("percent", "0 … 100, or a list of such numbers"),
            Param<Mask?>("mask", "only voxels in this mask", default: nil),
            returns: "a number, or a list of them",
            examples: [
                Example("v = phantom(seed=1, shape=16, spacing=12).image\npercentile(v, 100) == max(v)", "true"),
                Example("v = phantom(seed=1, shape=16, spacing=12).image\npercentile(v, [0, 100]) == [min(v), max(v)]", "true"),
                Example("percentile([4, 1, 3, 2], 50)", "2.5"),
            ]
        ) { context, values, percent, mask -> Either<Double, [Double]> in
            let percents = switch percent {
            case .first(let one): [one]
            case .second(let list): list
            }
            let found: [Double]
            switch values {
            case .first(let image): found = try image.percentiles(percents, in: mask)
            case .second(let numbers):
                try require(numbers, mask, "percentile", context)
                if let bad = percents.first(where: { !(0...100 ~= $0) }) {
                    throw context.reject("percent", expected: "from 0 to 100", found: Value.number(bad).mention)
                }
                found = try SampleStatistics.percentiles(numbers, percents)
            }
            if case .first = percent { return .first(found[0]) }
            return .second(found)
        },
    ]

    /// One volume stays one; anything else is a list of numbers.
    private static func gathered(
        _ values: Rest<Either<VoxelExpression, Either<Double, [Double]>>>, _ name: String, _ context: Context
    ) throws -> Either<VoxelExpression, [Double]> {
        var numbers: [Double] = []
        for value in values.items {
            switch value {
            case .first(let volume):
                if values.items.count == 1 { return .first(volume) }
                throw context.reject(
                    "values", expected: "one volume alone, or numbers", found: "a volume and other values",
                    hint: "\(name)(\(name)(v), 3) takes the volume's own first")
            case .second(.first(let x)): numbers.append(x)
            case .second(.second(let list)): numbers += list
            }
        }
        return .second(numbers)
    }

    private static func reduced(
        _ name: String, _ values: Either<VoxelExpression, [Double]>, _ mask: Mask?, _ context: Context,
        of voxels: (VoxelExpression) throws -> Double, _ numbers: ([Double]) -> Double
    ) throws -> Double {
        switch values {
        case .first(let image): return try voxels(image)
        case .second(let list):
            try require(list, mask, name, context)
            return numbers(list)
        }
    }

    /// Numbers have no mask, and there must be some.
    private static func require(_ numbers: [Double], _ mask: Mask?, _ name: String, _ context: Context) throws {
        if mask != nil {
            throw context.reject("mask", expected: "given with one volume", found: "a mask for numbers", hint: "\(name)(v, mask=m)")
        }
        guard !numbers.isEmpty else {
            throw context.reject("values", expected: "one volume, or at least one number", found: "an empty list")
        }
    }
}
