namespace RenderFarm.Cli;

/// <summary>Something that the user can put right; the message names it and the way out.</summary>
internal sealed class UserError(string message, Exception? cause = null) : Exception(message, cause);
