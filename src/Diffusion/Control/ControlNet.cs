using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Control;

/// <summary>A model's ControlNet, loaded when a request first asks for it.</summary>
internal sealed class ControlNet(Func<NetworkSession> load) : IDisposable
{
    private readonly Lazy<NetworkSession> _session = new(load);

    public NetworkSession Session => _session.Value;

    public void Dispose()
    {
        if (_session.IsValueCreated)
        {
            _session.Value.Dispose();
        }
    }
}
