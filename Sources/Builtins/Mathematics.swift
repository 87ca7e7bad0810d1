import Glibc
import Imaging
import Runtime

extension Catalog {
    static let mathematics: [Builtin] = [
        unary("abs", "Magnitude of a number, or of each voxel.", Example("abs(-3)", "3"), .abs, Swift.abs),
        unary("sqrt", "Square root of a number, or of each voxel.", Example("sqrt(16)", "4"), .sqrt) { $0.squareRoot() },
        unary("exp", "e to the power of a number, or of each voxel.", Example("exp(0)", "1"), .exp, Glibc.exp),
        unary("log", "Natural logarithm of a number, or of each voxel.", Example("log(1)", "0"), .log, Glibc.log),
        unary("floor", "The greatest whole number that is not above, of a number or each voxel.", Example("floor(-1.5)", "-2"), .floor) {
            $0.rounded(.down)
        },

        unary("ceil", "The least whole number that is not below.", Example("ceil(1.2)", "2")) { $0.rounded(.up) },
        unary("sin", "Sine of an angle in radians.", Example("sin(pi / 2)", "1"), Glibc.sin),
        unary("cos", "Cosine of an angle in radians.", Example("cos(pi)", "-1"), Glibc.cos),
        unary("tan", "Tangent of an angle in radians.", Example("tan(0)", "0"), Glibc.tan),
        unary("asin", "The angle in radians, from -π/2 to π/2, whose sine a number is.", Example("asin(0)", "0"), Glibc.asin),
        unary("acos", "The angle in radians, from 0 to π, whose cosine a number is.", Example("acos(1)", "0"), Glibc.acos),
        unary("log10", "Logarithm to the base 10.", Example("log10(1000)", "3"), Glibc.log10),
        unary("log2", "Logarithm to the base 2.", Example("log2(8)", "3"), Glibc.log2),

        Builtin(
            "atan", "The angle in radians whose tangent a number is, or of the direction of two.", theme: .mathematics,
            Param<Double>("y", "the tangent; with `x` the second coordinate"), Param<Double?>("x", "the first coordinate", default: nil),
            returns: "a number from -π/2 to π/2, with `x` from -π to π",
            examples: [Example("atan(0)", "0"), Example("atan(0, -1) == pi", "true")]
        ) { _, y, x -> Double in x.map { atan2(y, $0) } ?? atan(y) },

        Builtin(
            "is_nan", "Whether a number is nan, which comes of 0 / 0 and equals nothing, not even itself.", theme: .mathematics,
            Param<Double>("x", "a number"), returns: "true or false", examples: [Example("is_nan(0 / 0)", "true"), Example("nan == nan", "false")]
        ) { _, x in x.isNaN },

        Builtin(
            "round", "The nearest whole number; halves go away from 0.", theme: .mathematics,
            Param<Double>("x", "a number"), Param<Int>("digits", "decimals to keep", default: 0),
            returns: "a number", examples: [Example("round(2.5)", "3"), Example("round(3.14159, 2)", "3.14")]
        ) { _, x, digits in
            let scale = pow(10, Double(max(-300, min(digits, 300))))
            let scaled = x * scale
            return scaled.isFinite && scale > 0 ? scaled.rounded() / scale : x
        },

    ]

    /// Of numbers alone.
    private static func unary(
        _ name: String, _ summary: String, _ example: Example, _ function: @escaping @Sendable (Double) -> Double
    ) -> Builtin {
        Builtin(name, summary, theme: .mathematics, Param<Double>("x", "a number"), returns: "a number", examples: [example]) { _, x in function(x) }
    }

    private static func unary(
        _ name: String, _ summary: String, _ example: Example, _ operation: Unary, _ scalar: @escaping @Sendable (Double) -> Double
    ) -> Builtin {
        Builtin(
            name, summary, theme: .mathematics,
            Param<Either<Double, VoxelExpression>>("x", "a number or a volume"),
            returns: "a number or a volume", examples: [example], scalar: scalar
        ) { _, x -> Either<Double, VoxelExpression> in
            switch x {
            case .first(let number): .first(scalar(number))
            case .second(let voxels): .second(voxels.mapped(by: operation))
            }
        }
    }
}
