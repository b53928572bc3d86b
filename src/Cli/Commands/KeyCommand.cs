using System.CommandLine;
using RenderFarm.Cli.Output;
using RenderFarm.Coordinator.Access;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm key</c>: makes a key for <c>Access:Key</c>.</summary>
internal static class KeyCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("key", "Print a new key for Access:Key of a coordinator");
        command.Examples("RENDERFARM__Access__Key=$(renderfarm key) renderfarm coordinator");
        command.SetAction(_ =>
        {
            terminal.Line(ApiKey.Generate());
            return ExitCodes.Done;
        });
        return command;
    }
}
