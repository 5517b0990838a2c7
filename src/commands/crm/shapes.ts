/** Shapes of input that several nouns of the context share. */
import { Text } from '../../domain/vocabulary.ts';

/** As people write it; compared by nothing yet. */
export const Phone = Text(40);
