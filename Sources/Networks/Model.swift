/// Placeholder for the build order; replaced by the network core.
public final class Model: @unchecked Sendable { public init() {} }
public final class Node: Sendable { public init() {} }
