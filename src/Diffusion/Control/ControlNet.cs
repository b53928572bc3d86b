using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Control;

/// <summary>A model's ControlNet, loaded when a request first asks for it.</summary>
internal sealed class ControlNet(Func<NetworkSession> load) : IDisposable
{
    private NetworkSession? _session;

    /// <summary>Where it cannot be loaded it is tried again the next time.</summary>
    public NetworkSession Session => _session ??= load();

    public void Dispose() => _session?.Dispose();
}
