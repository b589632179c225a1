internal import COpenBLAS

/// A weight matrix that turns rows of `inputs` numbers into rows of `outputs` numbers.
///
/// It is kept transposed and cut into panels of some columns, so narrow that a few rows times a panel are a small product
/// to OpenBLAS. Where OpenBLAS has kernels for small products (CPUs with AVX-512) it multiplies those straight from
/// memory, instead of packing the matrix anew for every call, which takes longer than the product itself while few
/// sequences are active: 16 rows by 192 × 1152 took 61 µs instead of 97, one row by 1024 × 1024 took 60 instead of 272.
/// These kernels also add up in an order that does not depend on the number of rows, so that a sequence gets the same
/// bits in a batch as alone.
///
/// On other CPUs there is one panel, and few rows are multiplied one by one, since packing would cost more.
struct Projection {
    let inputs: Int
    let outputs: Int
    private let panelWidth: Int
    /// The rows that are multiplied by a panel in one call.
    private let rowsTogether: Int
    private let panels: FloatBuffer
    private let bias: FloatBuffer?

    /// Up to this many multiplications OpenBLAS uses its kernels for small products (100³, in
    /// `sgemm_small_kernel_permit_skylakex.c`).
    private static let smallProduct = 1_000_000
    /// As wide as the inner loop of those kernels, which then reads a panel in the order of its addresses. Wider and
    /// narrower panels took up to a third longer, in matrices beyond the cache several times as long.
    private static let widePanel = 64
    /// For matrices with so many inputs that few rows by a wide panel are no small product any more.
    private static let narrowPanel = 32
    private static let rowsWorthAPanel = 8
    /// Up to this many rows, without such kernels, are multiplied one by one.
    private static let rowsAlone = 4

    /// Whether this CPU has such kernels, and a row's product the same bits whatever other rows there are.
    static let hasSmallKernels: Bool = {
        let core = String(cString: openblas_get_corename())
        return ["SkylakeX", "Cooperlake", "SapphireRapids"].contains(core)
    }()

    /// Stacks matrices of `inputs` columns, and their biases, on top of each other.
    init(_ matrices: [[Float]], inputs: Int, biases: [[Float]] = []) {
        self.inputs = inputs
        outputs = matrices.reduce(0) { $0 + $1.count } / inputs
        bias = biases.isEmpty ? nil : FloatBuffer(biases.flatMap(\.self))
        if Self.hasSmallKernels {
            let isWide = Self.rowsWorthAPanel * inputs * Self.widePanel <= Self.smallProduct
            panelWidth = min(outputs, isWide ? Self.widePanel : Self.narrowPanel)
            let rows = Self.smallProduct / (panelWidth * inputs)
            // The kernels take four rows at a time.
            rowsTogether = rows < 4 ? max(1, rows) : rows / 4 * 4
        } else {
            panelWidth = outputs
            rowsTogether = .max
        }
        let panelCount = (outputs + panelWidth - 1) / panelWidth
        panels = FloatBuffer(count: panelCount * panelWidth * inputs)
        var output = 0
        for matrix in matrices {
            matrix.withUnsafeBufferPointer { matrix in
                for row in 0..<matrix.count / inputs {
                    let column = start(ofColumn: output)
                    for input in 0..<inputs { column[input * panelWidth] = matrix[row * inputs + input] }
                    output += 1
                }
            }
        }
    }

    private func start(ofColumn output: Int) -> UnsafeMutablePointer<Float> {
        panels.start + output / panelWidth * panelWidth * inputs + output % panelWidth
    }

    /// The weights of one output: the row of an embedding.
    func copyWeights(of output: Int, to row: UnsafeMutablePointer<Float>) {
        precondition((0..<outputs).contains(output))
        let column = start(ofColumn: output)
        for input in 0..<inputs { row[input] = column[input * panelWidth] }
    }

    /// Multiplies rows that lie one after the other, and sets `results` to the products or adds them to it.
    func multiply(
        _ rows: UnsafePointer<Float>,
        count: Int,
        into results: UnsafeMutablePointer<Float>,
        adding: Bool = false
    ) {
        if let bias {
            for row in 0..<count {
                let result = results + row * outputs
                if adding {
                    for output in 0..<outputs { result[output] += bias.start[output] }
                } else {
                    result.update(from: bias.start, count: outputs)
                }
            }
        }
        if count == 0 { return }
        let keep: Float = adding || bias != nil ? 1 : 0
        if !Self.hasSmallKernels, count <= Self.rowsAlone {
            for row in 0..<count {
                cblas_sgemv(
                    CblasRowMajor,
                    CblasTrans,
                    Int32(inputs),
                    Int32(outputs),
                    1,
                    panels.start,
                    Int32(outputs),
                    rows + row * inputs,
                    1,
                    keep,
                    results + row * outputs,
                    1
                )
            }
            return
        }
        let together = min(count, rowsTogether)
        for output in stride(from: 0, to: outputs, by: panelWidth) {
            let width = min(panelWidth, outputs - output)
            for row in stride(from: 0, to: count, by: together) {
                cblas_sgemm(
                    CblasRowMajor,
                    CblasNoTrans,
                    CblasNoTrans,
                    Int32(min(together, count - row)),
                    Int32(width),
                    Int32(inputs),
                    1,
                    rows + row * inputs,
                    Int32(inputs),
                    panels.start + output * inputs,
                    Int32(panelWidth),
                    keep,
                    results + row * outputs + output,
                    Int32(outputs)
                )
            }
        }
    }
}
