public final class Figure: Sendable { public init() {} }
