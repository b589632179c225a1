import COpenBLAS

/// Products of given shapes in the plainest way: matrices as they lie in model files, one call of `cblas_sgemv` each
/// for a single row and of `cblas_sgemm` for several.
final class PlainProducts {
    private let products: [(inputs: Int, outputs: Int, weights: UnsafeMutablePointer<Float>)]
    private let rows: Int
    private let inputs: UnsafeMutablePointer<Float>
    private let outputs: UnsafeMutablePointer<Float>

    init(_ shapes: [(inputs: Int, outputs: Int)], rows: Int) {
        self.rows = rows
        products = shapes.map { ($0.inputs, $0.outputs, Self.floats($0.inputs * $0.outputs)) }
        inputs = Self.floats(rows * (shapes.map(\.inputs).max() ?? 0))
        outputs = Self.floats(rows * (shapes.map(\.outputs).max() ?? 0))
    }

    deinit {
        for product in products { UnsafeMutableRawPointer(product.weights).deallocate() }
        UnsafeMutableRawPointer(inputs).deallocate()
        UnsafeMutableRawPointer(outputs).deallocate()
    }

    /// Numbers of about one, at an address that suits every vector.
    private static func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4 * count, alignment: 64)
        let floats = bytes.bindMemory(to: Float.self, capacity: count)
        for index in 0..<count { floats[index] = Float(index % 13) / 6 - 1 }
        return floats
    }

    func run() -> Float {
        for (width, height, weights) in products {
            if rows == 1 {
                cblas_sgemv(
                    CblasRowMajor,
                    CblasNoTrans,
                    Int32(height),
                    Int32(width),
                    1,
                    weights,
                    Int32(width),
                    inputs,
                    1,
                    0,
                    outputs,
                    1
                )
            } else {
                cblas_sgemm(
                    CblasRowMajor,
                    CblasNoTrans,
                    CblasTrans,
                    Int32(rows),
                    Int32(height),
                    Int32(width),
                    1,
                    inputs,
                    Int32(width),
                    weights,
                    Int32(width),
                    0,
                    outputs,
                    Int32(height)
                )
            }
        }
        return outputs[0]
    }
}
