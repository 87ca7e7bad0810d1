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

    private static func unary(
        _ name: String, _ summary: String, _ example: Example, _ operation: Unary, _ scalar: @escaping @Sendable (Double) -> Double
    ) -> Builtin {
        Builtin(
            name, summary, theme: .mathematics,
            Param<Either<Double, Volume>>("x", "a number or a volume"),
            returns: "a number or a volume", examples: [example], scalar: scalar
        ) { _, x -> Value in
            switch x {
            case .first(let number): .number(scalar(number))
            case .second(let volume): .volume(try Elementwise.apply(operation, volume))
            }
        }
    }
}
