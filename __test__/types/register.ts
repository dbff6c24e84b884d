// rust-net/register: nothing but what it does.

import 'rust-net/register';
// @ts-expect-error nothing has a name there
import { install } from 'rust-net/register';
