import CTorch
package import Torch

extension ProcessGroup {
    /// A vector of zeros for all ranks to reduce: where ranks share memory in such memory, so that an all-reduce of it, or of
    /// a part, copies nothing between those of a machine; else in ordinary memory.
    ///
    /// It is a collective: all ranks call it with the same arguments. The memory stays until its last user is gone, also
    /// after the group.
    ///
    /// - Parameters:
    ///   - count: how many elements it has.
    ///   - dtype: their type.
    /// - Throws: ``DistributedError``, also where there is not enough memory.
    package func sharedTensor(count: Int, dtype: DType = .float32) throws -> Tensor {
        guard let tensor = ct_group_allocate(handle, Int64(count), dtype.rawValue) else {
            throw error("shared allocation")
        }
        return Tensor(owning: tensor)
    }

    /// Combines the elements of all ranks in place, and gives all of them the result before it returns.
    ///
    /// It costs less than ``allReduce(_:_:timeout:)``: where ranks share memory the calling thread does all of it. It is
    /// recorded like every collective.
    ///
    /// - Parameters:
    ///   - tensor: a contiguous tensor; one of ``sharedTensor(count:dtype:)``, or a part of it, is reduced without copies.
    ///   - operation: how they are combined; `average` with the backend `shm` alone.
    ///   - bucket: which bucket of gradients it is, counted from 0 in each backward pass; nil for none.
    ///   - timeout: how long to wait for other ranks; the group's time limit if nil.
    /// - Throws: ``DistributedError``.
    package func allReduceNow(
        _ tensor: Tensor, _ operation: ReduceOperation = .sum, bucket: Int? = nil, timeout: Duration? = nil
    ) throws {
        let number: Int8 = operation == .average && backend != .gloo ? 1 : operation.number
        let succeeded = tensor.withHandle {
            ct_group_all_reduce_now(handle, $0, number, Int32(bucket ?? -1), timeout?.milliseconds ?? -1)
        }
        if !succeeded { throw error("all-reduce") }
        if operation == .average, backend == .gloo { withoutGradients { tensor /= Double(worldSize) } }
    }
}
