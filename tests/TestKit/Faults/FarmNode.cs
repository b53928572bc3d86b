using RenderFarm.TestKit.Farms;

namespace RenderFarm.TestKit.Faults;

/// <summary>A process of a <see cref="FaultFarm"/> with its ways to the servers.</summary>
/// <param name="Name">Name; a worker's on the farm.</param>
/// <param name="Process">The process.</param>
/// <param name="Address">Where it answers.</param>
/// <param name="Hops">Its ways to the servers.</param>
public sealed record FarmNode(string Name, FarmProcess Process, Uri Address, ServerHops Hops)
{
    /// <summary>Processes that it has started: a worker's render processes.</summary>
    public IReadOnlyList<int> Children => RunningProcess.ChildrenOf(Process.Id);

    /// <summary>It stands still, with its connections open.</summary>
    public void Freeze() => Process.Signal(ProcessSignal.Stop);

    /// <summary>It goes on where it stood.</summary>
    public void Thaw() => Process.Signal(ProcessSignal.Continue);
}
